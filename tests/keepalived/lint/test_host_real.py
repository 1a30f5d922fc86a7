"""What the linter says of a file and a machine is what real keepalived does with it there."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from cloudfail import process
from cloudfail.clock import Deadline, SystemClock

from keepalived.wire.nodes import PATH, need

pytestmark = pytest.mark.netns

# The pid stays that of keepalived; the linter looks at the same devices and addresses.
_START = """
ip link add veth0 type veth peer name veth1 && ip link set veth1 up
ip address add 192.0.2.1/24 dev veth0 && ip link set veth0 up
"$1" -c "$2" "$3/keepalived.conf" > "$3/found"
exec keepalived -n -l -D -P -f "$3/keepalived.conf" -p "$3/pid" -r "$3/vrrp" -b "$3/bfd"
"""
_LINT = """
import json, sys
from pathlib import Path
from cloudfail.keepalived.lint import confs_of, lint
from cloudfail.keepalived.version import installed_version
confs = confs_of(Path(sys.argv[1]))
found = lint(confs, installed_version(), host=confs)
print(json.dumps([[one.code, one.place.line] for one in found]))
"""
_SHEBANG = '#!/bin/sh\n: > "$0.ran"\n'


@dataclass(frozen=True)
class Case:
    """A whole configuration; `logged` is what keepalived says, `ends` whether it gives up."""

    text: str
    codes: frozenset[str]
    logged: str = ""
    runs: bool = False
    ends: bool = False


def conf(*lines: str, head: str = "script_user root", top: str = "") -> str:
    body = "\n  ".join(("interface veth0", "virtual_router_id 51", *lines))
    return (
        f"global_defs {{\n  router_id a\n  enable_script_security\n  {head}\n}}\n{top}"
        f"vrrp_instance VI_1 {{\n  {body}\n"
        "  virtual_ipaddress {\n    192.0.2.100/32\n  }\n}\n"
    )


def of(*codes: str) -> frozenset[str]:
    return frozenset(codes)


_NOTIFY = 'notify_backup "PLACE/take"'
_BRAKE = 'track_file brake {\n  file "PLACE/none/brake"\n}\n'
CASES: Mapping[str, Case] = {
    "fine": Case(conf(_NOTIFY), of(), runs=True),
    "missing": Case(
        conf('notify_backup "PLACE/other"'), of("KA201"), "Script PLACE/other cannot be accessed"
    ),
    "mode": Case(conf(_NOTIFY), of("KA202"), "script 'PLACE/take' is not executable for uid:gid"),
    "shebang": Case(conf(_NOTIFY), of("KA203"), ""),
    "open": Case(conf(_NOTIFY), of("KA204"), "Unsafe permissions found for script 'PLACE/take'"),
    "user": Case(conf(f"{_NOTIFY} keepalive"), of("KA207"), "Invalid user/group for notify script"),
    "script-user": Case(
        conf(_NOTIFY, head="script_user keepalive"), of("KA211"), "Failed to set default user"
    ),
    "device": Case(
        conf("track_interface {\n    eth7\n  }"),
        of("KA212"),
        "Non-existent interface specified in configuration",
        ends=True,
    ),
    "source": Case(
        conf("unicast_src_ip 192.0.2.77", "unicast_peer {\n    192.0.2.2\n  }"),
        of("KA213"),
        "bind unicast_src 192.0.2.77 failed 99|entering FAULT state",
    ),
    "fifo": Case(
        conf(head="script_user root\n  vrrp_notify_fifo PLACE/none/fifo root root"),
        of("KA215"),
        "Unable to create vrrp_notify fifo PLACE/none/fifo",
    ),
    "fifo-user": Case(
        conf(head="script_user root\n  vrrp_notify_fifo PLACE/fifo keepalive"),
        of("KA216"),
        "Invalid user/group for vrrp_ fifo",
    ),
    "brake": Case(
        conf("track_file {\n    brake\n  }", top=_BRAKE),
        of("KA217"),
        "Track file directory for brake does not exist",
    ),
}
_TAKE = {"mode": (_SHEBANG, 0o644), "shebang": (': > "$0.ran"\n', 0o755), "open": (_SHEBANG, 0o757)}


@dataclass(frozen=True)
class Run:
    log: str
    found: frozenset[str]
    ran: bool
    code: int | None


def _make(name: str, base: Path) -> Path:
    place = base / name
    place.mkdir(mode=0o755)
    text, mode = _TAKE.get(name, (_SHEBANG, 0o755))
    (place / "take").write_text(text)
    (place / "take").chmod(mode)
    (place / "keepalived.conf").write_text(CASES[name].text.replace("PLACE", str(place)))
    (place / "keepalived.conf").chmod(0o644)
    return place


def _start(place: Path) -> process.Popen[bytes]:
    with (place / "log").open("wb") as log:
        return process.Popen(
            ["unshare", "--net", "sh", "-e", "-c", _START, "sh", sys.executable, _LINT, str(place)],
            stdin=process.DEVNULL,
            stdout=log,
            stderr=process.STDOUT,
            cwd="/",
            env={**os.environ, "PATH": PATH},
        )


def _has_settled(place: Path, name: str) -> bool:
    """BACKUP or FAULT is when a notify script runs; the good one leaves a mark."""
    log = (place / "log").read_text()
    if CASES[name].ends:
        return "exited with permanent error" in log
    return "STATE" in log and ((place / "take.ran").exists() or not CASES[name].runs)


@pytest.fixture(scope="module")
def ran() -> Iterator[Mapping[str, Run]]:
    need("keepalived", "ip", "unshare")
    base = Path(tempfile.mkdtemp(prefix="cloudfail-"))
    base.chmod(0o755)
    places = {name: _make(name, base) for name in CASES}
    started = {name: _start(place) for name, place in places.items()}
    clock = SystemClock()
    try:
        deadline = Deadline.after(clock, 60)
        while deadline.left() and not all(_has_settled(p, name) for name, p in places.items()):
            clock.sleep(0.1)
        clock.sleep(0.5)  # for a script that should not run
        yield {name: _result(places[name], started[name]) for name in CASES}
    finally:
        for one in started.values():
            one.send_signal(signal.SIGTERM)
        for one in started.values():
            one.wait(60)
        shutil.rmtree(base)


def _result(place: Path, running: process.Popen[bytes]) -> Run:
    found: list[tuple[str, int]] = json.loads((place / "found").read_text())
    codes = frozenset(code for code, _ in found if code.startswith("KA2"))
    log = (place / "log").read_text().replace(str(place), "PLACE")
    return Run(log, codes, (place / "take.ran").exists(), running.poll())


@pytest.mark.parametrize("name", CASES)
def test_the_linter_says_what_keepalived_does(ran: Mapping[str, Run], name: str) -> None:
    case, run = CASES[name], ran[name]
    assert "Starting Keepalived" in run.log
    assert run.found == case.codes, run.log
    assert re.search(case.logged, run.log), run.log
    assert run.ran is case.runs, run.log
    assert (run.code is not None) is case.ends, run.log


def test_keepalived_says_nothing_of_that_where_the_linter_finds_nothing(
    ran: Mapping[str, Run],
) -> None:
    for name, case in CASES.items():
        if case.logged and name != "fine":
            assert not re.search(case.logged.replace("other", "take"), ran["fine"].log)
