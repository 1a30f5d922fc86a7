"""What else a notify script does: loops, functions, other clouds; and who may call it."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloudfail.keepalived.importer import Imported, import_files
from cloudfail.keepalived.importer.note import Ledger
from cloudfail.keepalived.importer.script import Script, read_script
from cloudfail.keepalived.syntax import Place

from keepalived.importer.again import written
from keepalived.importer.made import config_of, pair, script_of, told
from keepalived.importer.pairs import AWS, GROUP


def claims_of(found: Imported, tmp_path: Path, name: str = "VI_1") -> list[str]:
    claims = config_of(found, tmp_path).instances[name].claims
    return [str(claim).partition(" in ")[0].partition(" on ")[0] for claim in claims]


@pytest.mark.parametrize(
    "text",
    [
        "for ip in 10.0.1.7 10.0.1.8; do\n  CALL $ip\ndone",
        "VIPS=(10.0.1.7 10.0.1.8)\nfor ip in \"${VIPS[@]}\"\ndo CALL $ip || echo 'no'\ndone",
        'VIPS="10.0.1.7 10.0.1.8"\nfor ip in $VIPS; do CALL "${ip}"; done',
        'VIPS="10.0.1.7 10.0.1.8"\nCALL $VIPS',
        'move() {\n  local ip="$1"\n  CALL "$ip"\n}\nmove 10.0.1.7\nmove 10.0.1.8',
        "function move { CALL ${1:-10.0.1.8}; }\nmove 10.0.1.7; move",
        "declare -A A=( [x]=10.0.1.7 [y]=10.0.1.8 )\nfor k in x y; do CALL ${A[$k]}; done",
        "STATE=MASTER\ncase $STATE in\n MASTER|X) CALL 10.0.1.7 10.0.1.8 ;;\n BACKUP) CALL 10.0.1.9;;\nesac",
        "case $S in\n\n \"A\") CALL 10.0.1.7\n;;\n*) CALL 10.0.1.8\nesac",
        "cat <<EOF >/tmp/x\nCALL 10.0.1.9 ' \"\nEOF\nCALL 10.0.1.7; (CALL 10.0.1.8)",
        "# it's\nX=$(echo '(' \"it's )\")\nCALL 10.0.1.7 && CALL 10.0.1.8 # CALL 10.0.1.9",
        "if [ -n \"$1\" ]; then CALL 10.0.1.7; else CALL 10.0.1.8; fi 2>&1 | logger",
        "X=`date`\nwhile read x; do for y in 1 2; do :; done; CALL 10.0.1.7; done <f\nCALL 10.0.1.8",
    ],
)  # fmt: skip
def test_loops_functions_and_arrays_are_followed(text: str, tmp_path: Path) -> None:
    call = (
        "aws ec2 assign-private-ip-addresses --network-interface-id $(eni) --private-ip-addresses"
    )
    found = import_files(script_of(tmp_path, text.replace("CALL", call) + "\n"))
    assert claims_of(found, tmp_path) == ["private-ip 10.0.1.7", "private-ip 10.0.1.8"]


def test_a_functions_arguments_are_not_the_scripts(tmp_path: Path) -> None:
    text = "move() {\naws ec2 associate-address --public-ip $1\n}\nmove $(cat /etc/eip)\n"
    found = import_files(script_of(tmp_path, text))
    assert not claims_of(found, tmp_path)
    assert any("--public-ip $1 has a value" in line for line in told(found, "missing"))


def test_an_allocation_id_that_is_looked_up_has_its_address(tmp_path: Path) -> None:
    text = (
        "EIP=203.0.113.7\nID=$(aws ec2 describe-addresses --public-ips $EIP \\\n"
        "  --query 'Addresses[0].AllocationId' --output text)\n"
        'aws ec2 associate-address --allocation-id "$ID" --instance-id "$(id)"\n'
    )
    assert claims_of(import_files(script_of(tmp_path, text)), tmp_path) == ["public-ip 203.0.113.7"]


def test_what_a_script_half_says_stands_in_the_toml_to_be_completed(tmp_path: Path) -> None:
    text = (
        "aws ec2 associate-address --allocation-id eipalloc-1 --instance-id i-1\n"
        "aws ec2 replace-route --route-table-id $T --destination-cidr-block 0.0.0.0/0\n"
    )
    found = import_files(script_of(tmp_path, text))
    assert '# { kind = "public-ip", address = "...", resource_id = "eipalloc-1" }' in found.toml
    route = '# { kind = "route", destination = "0.0.0.0/0", tables = ["rtb-..."] }'
    assert route in found.toml


def test_an_address_that_the_script_set_is_a_virtual_address(tmp_path: Path) -> None:
    text = (
        "V=10.0.1.77\naws ec2 assign-private-ip-addresses --private-ip-addresses $V\n"
        "sudo ip addr add $V/24 dev eth0\n"
    )
    found = import_files(script_of(tmp_path, text))
    assert claims_of(found, tmp_path) == ["private-ip 10.0.1.77"]
    assert "virtual_ipaddress" not in found.toml  # the generator takes it from the claim
    other = import_files(script_of(tmp_path, text.replace("$V/24", "10.0.1.78/24")))
    assert 'virtual_ipaddress = ["10.0.1.78"]' in other.toml


def test_a_virtual_address_that_the_script_does_not_move_is_named(tmp_path: Path) -> None:
    paths = script_of(
        tmp_path, "aws ec2 assign-private-ip-addresses --private-ip-addresses 10.0.1.7"
    )
    for path in paths:
        path.write_text(
            path.read_text().replace("interface", "virtual_ipaddress {\n10.0.1.9\n}\ninterface")
        )
    missing = told(import_files(paths), "missing")
    assert any(line.startswith("how the cloud brings 10.0.1.9") for line in missing)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("#!/usr/bin/env python3\nimport boto3\n", "boto3"),
        ("#!/usr/bin/perl\nsystem('aws ec2 associate-address');\n", "aws ec2"),
        ("#!/bin/bash\npython /usr/local/bin/assign-ip 203.0.113.7 1\n", "assign-ip"),
        ("#!/bin/sh\n# boto3\nhcloud floating-ip assign 1 web\n", "hcloud"),
    ],
)
def test_a_script_that_asks_a_cloud_in_other_ways_is_no_hook(
    text: str, word: str, tmp_path: Path
) -> None:
    """It would move what cloudfail moves."""
    found = import_files(script_of(tmp_path, text))
    assert not config_of(found, tmp_path).instances["VI_1"].vrrp.hooks
    assert any(
        f'seems to ask a cloud itself ("{word}")' in line for line in told(found, "left out")
    )


def test_commands_beside_the_cloud_are_named_once_and_those_that_only_ask_never(
    tmp_path: Path,
) -> None:
    text = (
        AWS
        + "umask 022\nlogger x\ncurl http://169.254.169.254/\nservice a start\nservice b start\n"
    )
    found = import_files(script_of(tmp_path, text + "aws ec2 describe-instances\n. /etc/env.sh\n"))
    left = [one for one in told(found, "left out") if "it moves no claim" in one]
    assert len(left) == 1
    assert left[0].startswith("service ...")
    assert "(line 12 too)" in left[0]
    assert any(line.startswith(". ...: what it sets") for line in told(found, "missing"))


def test_what_notify_names_is_read_as_it_is_called(tmp_path: Path) -> None:
    script = tmp_path / "notify.sh"
    script.write_text(
        "case $3 in\nMASTER) aws ec2 associate-address --public-ip 203.0.113.7;;\n"
        "*) aws ec2 disassociate-address --public-ip 203.0.113.7; systemctl stop x;;\nesac\n"
    )
    line = f'notify "{script}"'
    found = import_files(pair(tmp_path, line, line))
    assert claims_of(found, tmp_path) == ["public-ip 203.0.113.7"]
    assert any(line.startswith("notify ") for line in told(found, "changed"))
    assert not any("systemctl" in line for line in told(found))


def test_the_script_of_a_group_moves_what_its_instances_have(tmp_path: Path) -> None:
    script = tmp_path / "group.sh"
    script.write_text(
        "aws ec2 assign-private-ip-addresses --private-ip-addresses 10.0.1.60\n"
        "aws ec2 assign-ipv6-addresses --ipv6-addresses fd00::60\n"
    )
    text = GROUP.replace("/usr/local/bin/all-up", str(script))
    found = import_files(written({"keepalived.conf": text}, tmp_path / "conf"))
    assert claims_of(found, tmp_path, "V4") == ["private-ip 10.0.1.60"]
    assert claims_of(found, tmp_path, "V6") == ["private-ip fd00::60"]


def test_a_script_beside_the_file_stands_for_the_one_in_etc_keepalived(tmp_path: Path) -> None:
    paths = pair(tmp_path, "notify_master /etc/keepalived/x/m.sh", "")
    (tmp_path / "x").mkdir()
    (tmp_path / "x/m.sh").write_text("aws ec2 associate-address --public-ip 203.0.113.7\n")
    assert claims_of(import_files(paths), tmp_path) == ["public-ip 203.0.113.7"]


@pytest.mark.parametrize("how", ["bash -x", "/usr/bin/env bash -e", "bash --norc"])
def test_a_script_may_be_named_by_its_shell(how: str, tmp_path: Path) -> None:
    script = tmp_path / "m.sh"
    script.write_text("aws ec2 associate-address --public-ip $2\n")
    line = f'notify_master "{how} {script} x 203.0.113.7"'
    assert claims_of(import_files(pair(tmp_path, line, "")), tmp_path) == ["public-ip 203.0.113.7"]


@pytest.mark.parametrize(
    "text",
    [
        *("$(" * 20_000, "a=(" * 20_000, "case a in\n" * 3_000, "f() {\n" * 3_000, '"' * 20_001),
        *("${" * 9_999, "f() { f; f; }\nf\n", "`" * 30_001, "<<A <<B\n" * 2_000),
        "for a in 1 2 3; do\n" * 30 + ":\n" + "done\n" * 30,
    ],
)  # fmt: skip
def test_a_hostile_script_ends(text: str) -> None:
    """Neither too deep nor too long."""
    read_script(Script(text, Place("x", 1)), Ledger())


def test_nothing_of_a_script_gets_out_of_its_line_or_is_a_secret(tmp_path: Path) -> None:
    text = (
        "aws ec2 replace-route --route-table-id 'rtb-1\n[[x]]' --destination-cidr-block 10.0.0.0/8\n"
        "API_TOKEN=hunter2\naws ec2 associate-address --public-ip $API_TOKEN\n"
    )
    found = import_files(script_of(tmp_path, text))
    assert "[[x]]" not in found.toml
    assert "hunter2" not in found.toml + "".join(map(str, found.notes))
    assert all(str(note).isprintable() for note in found.notes)
