"""The host's files, read by those who will read them: sysctl, systemd, polkit's language, ifupdown."""

from __future__ import annotations

import json
import re
import shutil
import stat
from collections.abc import Mapping
from ipaddress import ip_interface
from pathlib import Path
from typing import Any

import pytest
from cloudfail import process
from cloudfail.keepalived.generate import Generated

from keepalived.generate.hostile import rich
from keepalived.generate.matrix import Document
from keepalived.generate.place import GROUP, PASSWD, needs_keepalived, run_inside, write
from keepalived.generate.sites import generated, write_secret


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"needs {program}")


@pytest.fixture
def tables(tmp_path: Path) -> Document:
    """Everything that the host can be asked for; a VLAN's name has a dot."""
    found = rich(str(write_secret(tmp_path)))
    found["instance"]["other"]["interface"] = "ens6.7"
    found["instance"]["edge"]["claim"].append(
        {"kind": "route", "destination": "10.99.0.0/16", "tables": ["t"]}
    )
    found["instance"]["edge"]["services"] = {"master": ["nginx", "php8.2-fpm", "certs@a.timer"]}
    found["host"] = {"real_server": ["10.0.1.100", "fd00:0:0:1::64"]}
    return found


def text_of(files: Generated, end: str) -> str:
    [text] = [file.text for file in files.files if file.path.endswith(end)]
    return text


@pytest.mark.keepalived
@needs_keepalived
def test_sysctl_takes_every_line(tables: Document, tmp_path: Path) -> None:
    text = text_of(generated(tables, tmp_path), "sysctl.d/60-cloudfail.conf")
    file = tmp_path / "60-cloudfail.conf"
    file.write_text(text)
    wanted = re.findall(r"(?m)^-?(net\S+) = (\d)$", text)
    assert len(wanted) == len([line for line in text.splitlines() if "=" in line]) >= 10
    names = [name if "/" in name else name.replace(".", "/") for name, _ in wanted]
    shown = "\n".join(f"cat /proc/sys/{name}" for name in names)
    done = run_inside(
        f"ip link set ens4 down; ip link set ens4 name ens6.7\n"
        f"sysctl -q -p {file} || exit 1\n{shown}",
        tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == [value for _, value in wanted]
    assert "net/ipv6/conf/ens6/7/accept_ra" not in names


@pytest.mark.keepalived
@needs_keepalived
@needs("systemd-analyze")
def test_systemd_reads_the_drop_in(tables: Document, tmp_path: Path) -> None:
    """As part of the unit that the package brings; and it would complain of a broken one."""
    root = tmp_path / "root"
    write(generated(tables, tmp_path), root)
    drop_in = root / "etc/systemd/system/keepalived.service.d"
    script = f"""
        mkdir -p {tmp_path}/etc && cp -a /etc/systemd/. {tmp_path}/etc
        mkdir -p {tmp_path}/etc/system/keepalived.service.d
        mount --bind {tmp_path}/etc /etc/systemd
        mount --bind {drop_in} /etc/systemd/system/keepalived.service.d
        systemd-analyze verify keepalived.service 2>&1 | grep -F cloudfail.conf
        systemd-analyze cat-config systemd/system/keepalived.service.d/cloudfail.conf >/dev/null 2>&1
        echo 'Wants' >>{drop_in}/cloudfail.conf
        systemd-analyze verify keepalived.service 2>&1 | grep -cF cloudfail.conf
    """
    done = run_inside(script, tmp_path)
    assert done.stdout == "1\n", "of the broken one only"


@needs("systemd-sysusers")
def test_sysusers_makes_the_agents_user(tables: Document, tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(generated(tables, tmp_path), root)
    done = run(["systemd-sysusers", f"--root={root}"])
    assert done.returncode == 0, done.stderr
    [line] = [one for one in (root / "etc/passwd").read_text().splitlines() if "cloudfail" in one]
    assert line.split(":")[5:] == ["/var/lib/cloudfail", "/usr/sbin/nologin"]


@pytest.mark.keepalived
@needs_keepalived
@needs("systemd-tmpfiles")
def test_tmpfiles_makes_directories_and_the_fifo(tables: Document, tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(generated(tables, tmp_path), root)
    for name, text in (("passwd", PASSWD), ("group", GROUP)):
        (root / "etc" / name).write_text(text)
    done = run(["systemd-tmpfiles", "--create", f"--root={root}"])
    assert (done.returncode, done.stderr) == (0, "")
    for path, mode in (("run/cloudfail", 0o755), ("var/lib/cloudfail", 0o755)):
        found = (root / path).stat()
        assert (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid) == (mode, 990, 990)
    fifo = (root / "run/x.fifo").stat()
    assert stat.S_ISFIFO(fifo.st_mode)
    assert (stat.S_IMODE(fifo.st_mode), fifo.st_uid, fifo.st_gid) == (0o600, 990, 990)


MANAGE = "org.freedesktop.systemd1.manage-units"
POLKIT = """
const polkit = {Result: {YES: "yes", NOT_HANDLED: "not handled"}, addRule: f => { rule = f; }};
let rule;
eval(require("fs").readFileSync(process.argv[2], "utf8"));
const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(asked.map(one => rule(
    {id: one.id, lookup: name => one[name]}, {user: one.user, isInGroup: () => true}))));
"""


@needs("node")
def test_polkit_allows_these_units_to_the_agent_and_nothing_else(
    tables: Document, tmp_path: Path
) -> None:
    good = {"id": MANAGE, "user": "cloudfail", "unit": "nginx.service", "verb": "start"}
    allowed = [
        good,
        {**good, "verb": "stop"},
        {**good, "unit": "php8.2-fpm.service"},
        {**good, "unit": "certs@a.timer"},
    ]
    refused = [
        {**good, "user": "root2"},
        {**good, "user": "nobody"},
        {**good, "unit": "sshd.service"},
        {**good, "unit": "nginx"},
        {**good, "unit": "nginx.service.evil"},
        {**good, "unit": "certs@b.timer"},
        {**good, "verb": "mask"},
        {**good, "verb": "restart"},
        {**good, "id": "org.freedesktop.systemd1.manage-unit-files"},
        {"id": MANAGE, "user": "cloudfail"},
    ]
    answers = asked_of_polkit(generated(tables, tmp_path), [*allowed, *refused], tmp_path)
    assert answers == ["yes"] * len(allowed) + ["not handled"] * len(refused)


def asked_of_polkit(files: Generated, asked: list[Mapping[str, str]], path: Path) -> list[Any]:
    (path / "polkit.js").write_text(POLKIT)
    rules = path / "60-cloudfail.rules"
    rules.write_text(text_of(files, ".rules"))
    done = run(["node", str(path / "polkit.js"), str(rules)], input=json.dumps(asked))
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout)
    return found


@needs("ifquery")
def test_ifupdown_reads_the_loopback_addresses(tables: Document, tmp_path: Path) -> None:
    tables["host"]["network"] = "ifupdown"
    file = tmp_path / "interfaces"
    file.write_text(text_of(generated(tables, tmp_path), "interfaces.d/cloudfail-lo"))
    listed = run(["ifquery", "--interfaces", str(file), "--list"])
    assert (listed.returncode, listed.stdout.split()) == (0, ["lo", "lo:1", "lo:2"])
    found = [run(["ifquery", "--interfaces", str(file), name]).stdout for name in ("lo:1", "lo:2")]
    assert "address: 10.0.1.100\n" in found[0]
    assert "netmask: 255.255.255.255\n" in found[0]
    assert "address: fd00:0:0:1::64\n" in found[1]
    assert "netmask: 128\n" in found[1]


def test_networkd_gets_host_addresses_of_the_loopback_device(
    tables: Document, tmp_path: Path
) -> None:
    text = text_of(generated(tables, tmp_path), "60-cloudfail-lo.network")
    assert "[Match]\nName=lo\n" in text
    written = [ip_interface(one) for one in re.findall(r"(?m)^Address=(.*)$", text)]
    assert [one.network.num_addresses for one in written] == [1, 1]
    assert [str(one.ip) for one in written] == ["10.0.1.100", "fd00:0:0:1::64"]


def run(argv: list[str], **options: Any) -> process.CompletedProcess[str]:
    return process.run(argv, capture_output=True, text=True, check=False, timeout=60, **options)
