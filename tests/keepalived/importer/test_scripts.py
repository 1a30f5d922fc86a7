"""The old notify script: read for what it moves, never run."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloudfail.keepalived.importer import Scripts, import_files
from cloudfail.model import PrivateIp, PublicIp, Route

from keepalived.importer.made import config_of, pair, script_of, told
from keepalived.importer.pairs import AWS


def test_the_two_lines_become_a_claim(tmp_path: Path) -> None:
    found = import_files(script_of(tmp_path, AWS))
    config = config_of(found, tmp_path)
    (claim,) = config.instances["VI_1"].claims
    assert isinstance(claim, PublicIp)
    assert str(claim.address) == "203.0.113.7"
    assert 'region = "eu-central-1"' in found.toml
    assert any("--instance-id names an instance" in line for line in told(found, "left out"))
    assert not config.instances["VI_1"].vrrp.hooks


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("aws ec2 associate-address --public-ip $1", "public-ip 203.0.113.9"),
        ("/usr/bin/aws ec2 associate-address --public-ip=203.0.113.8 &", "public-ip 203.0.113.8"),
        (
            "aws --region x ec2 associate-address --public-ip 203.0.113.8 --private-ip-address 10.0.1.99",
            "public-ip 203.0.113.8",
        ),
        (
            "aws ec2 assign-private-ip-addresses --private-ip-addresses 10.0.1.9 --allow-reassignment",
            "private-ip 10.0.1.9",
        ),
        ("aws ec2 assign-ipv6-addresses --ipv6-addresses fd00::9", "private-ip fd00::9"),
        (
            "if ! aws ec2 replace-route --route-table-id rtb-1 --destination-cidr-block 10.9.0.0/16; then",
            "route rtb-1 10.9.0.0/16",
        ),
        (
            "T=rtb-1\nN='10.9.0.0/16'\naws ec2 replace-route --route-table-id ${T} "  # noqa: ISC004
            '--destination-cidr-block "$N" >/dev/null 2>&1',
            "route rtb-1 10.9.0.0/16",
        ),
    ],
)
def test_a_call_of_the_cli_becomes_a_claim(line: str, expected: str, tmp_path: Path) -> None:
    found = import_files(script_of(tmp_path, f"#!/bin/sh\n{line}\n"))
    claims = config_of(found, tmp_path).instances["VI_1"].claims
    assert [str(claim).partition(" in ")[0].partition(" on ")[0] for claim in claims] == [expected]


def test_an_allocation_id_gets_the_address_that_was_released(tmp_path: Path) -> None:
    text = (
        "aws ec2 disassociate-address --public-ip 203.0.113.7\n"
        "aws ec2 associate-address --allocation-id eipalloc-1 --network-interface-id eni-1\n"
    )
    config = config_of(import_files(script_of(tmp_path, text)[:1]), tmp_path)
    (claim,) = config.instances["VI_1"].claims
    assert isinstance(claim, PublicIp)
    assert (str(claim.address), claim.resource_id) == ("203.0.113.7", "eipalloc-1")
    assert config.instances["VI_1"].nodes[0].interface_id == "eni-1"


def test_an_address_that_is_not_in_the_script_is_missing(tmp_path: Path) -> None:
    text = "EIP=$(cat /etc/eip)\naws ec2 associate-address --public-ip $EIP\n"
    found = import_files(script_of(tmp_path, text))
    assert any("--public-ip $EIP has a value" in line for line in told(found, "missing"))


def test_what_else_the_script_did_is_named_without_its_words(tmp_path: Path) -> None:
    text = AWS + "export AWS_SECRET_ACCESS_KEY=hunter2\ncurl -H 'X: hunter2' http://x\n"
    found = import_files(script_of(tmp_path, text))
    left = told(found, "left out")
    assert any(line.startswith("curl ...") for line in left)
    assert any(line.startswith("AWS_SECRET_ACCESS_KEY=****") for line in left)
    assert "hunter2" not in found.toml + "".join(map(str, found.notes))


def test_a_script_without_the_cloud_becomes_a_hook(tmp_path: Path) -> None:
    found = import_files(script_of(tmp_path, "#!/bin/sh\nsystemctl start nginx\n"))
    (hook,) = config_of(found, tmp_path).instances["VI_1"].vrrp.hooks
    assert hook.on == "MASTER"
    assert hook.command[1] == "203.0.113.9"


def test_a_script_is_never_run(tmp_path: Path) -> None:
    import_files(script_of(tmp_path, f"touch {tmp_path}/ran\n$(touch {tmp_path}/ran)\n"))
    assert not (tmp_path / "ran").exists()


def test_without_scripts_none_is_read(tmp_path: Path) -> None:
    found = import_files(script_of(tmp_path, AWS), scripts=Scripts(read=False))
    assert not config_of(found, tmp_path).instances["VI_1"].claims
    assert any("its script is not read here" in line for line in told(found, "left out"))


def test_a_script_given_stands_for_the_one_that_is_named(tmp_path: Path) -> None:
    other = tmp_path / "other.sh"
    other.write_text("aws ec2 assign-private-ip-addresses --private-ip-addresses 10.0.1.77\n")
    found = import_files(pair(tmp_path), scripts=Scripts(given=other))
    (claim,) = config_of(found, tmp_path).instances["VI_1"].claims
    assert isinstance(claim, PrivateIp)


def test_two_public_addresses_never_sit_on_one(tmp_path: Path) -> None:
    text = "".join(f"aws ec2 associate-address --public-ip 203.0.113.{n}\n" for n in (7, 8))
    found = import_files(script_of(tmp_path, text))
    assert len(config_of(found, tmp_path).instances["VI_1"].claims) == 1
    assert any("the claim of 203.0.113.8" in line for line in told(found, "missing"))


def test_routes_of_one_destination_are_one_claim(tmp_path: Path) -> None:
    text = "".join(
        f"aws ec2 replace-route --route-table-id rtb-{n} --destination-cidr-block 10.9.0.0/16\n"
        for n in (1, 2)
    )
    found = import_files(script_of(tmp_path, text))
    claims = config_of(found, tmp_path).instances["VI_1"].claims
    assert [isinstance(claim, Route) and claim.table for claim in claims] == ["rtb-1", "rtb-2"]
    assert found.toml.count("[[instance.VI_1.claim]]") == 1
