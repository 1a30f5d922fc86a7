"""Each ready-made check, run by a real keepalived: while it passes, and when it fails."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from keepalived.generate.matrix import Document
from keepalived.generate.place import needs_keepalived, run_inside
from keepalived.generate.sites import generated

pytestmark = [pytest.mark.keepalived, needs_keepalived]
WORDS = [
    "plain",
    "two words",
    "#no",
    "!no",
    "{a}",
    "[b]",
    "x;y|z&",
    "<in >out",
    "*?",
    "a=b,c:d",
    "(^%)",
]
CHECKS: Document = {
    "tcp": {"tcp": "127.0.0.1:8080"},
    "tcp6": {"tcp": "[::1]:8083"},
    "http": {"http": "http://127.0.0.1:8081/health?a=b&c"},
    "process": {"process": "c++d"},
    "unit": {"unit": "nginx.service"},
    "command": {"command": ["/run/check", *WORDS]},
}
_SERVE = f"{sys.executable} -m http.server --directory /run/www"
MACHINE = f"""
    mkdir -p /run/www && touch /run/www/health
    cp "$(command -v sleep)" /run/c++d
    printf '#!/bin/sh\\necho "$*" >/run/asked\\ntest -e /run/good\\n' >/run/systemctl
    printf '#!/bin/bash\\nprintf "%%s\\\\n" "$@" >/run/words\\ntest -e /run/good\\n' >/run/check
    chmod 755 /run/check /run/systemctl
    mkdir /run/fake && mv /run/systemctl /run/fake
    if [ -e /usr/bin/systemctl ]; then mount --bind /run/fake/systemctl /usr/bin/systemctl
    else mount -t overlay overlay -o lowerdir=/run/fake:/usr/bin /usr/bin; fi
    ip address add 10.0.1.10/24 dev eth0
    await() {{ for _ in $(seq 300); do "$@" && return; sleep 0.1; done; echo "in vain: $*" >&2; }}
    said() {{
        [ "$(tac /run/log | sed '/^==$/q' | grep -oE "VRRP_Script\\([a-z0-9]+\\) $1" |
            sort -u | wc -l)" = {len(CHECKS)} ]
    }}
    start() {{
        touch /run/good /run/www/health
        {_SERVE} --bind 127.0.0.1 8080 >/dev/null 2>&1 & tcp=$!
        {_SERVE} --bind ::1 8083 >/dev/null 2>&1 & tcp6=$!
        /run/c++d 600 & process=$!
    }}
    break_all() {{
        rm /run/good /run/www/health
        kill $tcp $tcp6 $process
    }}
    {_SERVE} --bind 127.0.0.1 8081 >/dev/null 2>&1 &
    await bash -c '</dev/tcp/127.0.0.1/8081' 2>/dev/null
"""


def tables() -> Document:
    timing = {"interval": 1, "timeout": 3, "fall": 1, "rise": 1, "weight": -1}
    return {
        "instance": {
            "edge": {
                "provider": "cloud",
                "interface": "eth0",
                "virtual_router_id": 51,
                "use_vmac": False,
                "nopreempt": False,
                "node": [
                    {"name": "a", "address": "10.0.1.10", "priority": 150},
                    {"name": "b", "address": "10.0.1.11", "priority": 100},
                ],
                "track_script": list(CHECKS),
            }
        },
        "keepalived": {"include": ""},
        "vrrp_script": {name: {**check, **timing} for name, check in CHECKS.items()},
    }


def test_each_check_passes_and_fails_and_passes_again(tmp_path: Path) -> None:
    conf = tmp_path / "keepalived.conf"
    conf.write_text(generated(tables(), tmp_path).main.text)
    script = f"""{MACHINE}
        start
        sleep 1
        keepalived -n -l -D -f {conf} -p /run/keepalived.pid >>/run/log 2>&1 &
        await said succeeded
        echo == >>/run/log
        break_all 2>/dev/null
        await said failed
        echo == >>/run/log
        start
        await said succeeded
        kill "$(cat /run/keepalived.pid)"
        cp /run/log /run/words /run/asked {tmp_path}
        kill $(jobs -p) 2>/dev/null
    """
    done = run_inside(script, tmp_path)
    log = (tmp_path / "log").read_text()
    assert "in vain" not in done.stderr, (done.stderr, log)
    good, broken, mended = log.split("==\n")
    assert results(good) == {(name, "succeeded") for name in CHECKS}
    assert results(broken) == {(name, "failed") for name in CHECKS}
    assert results(mended) == {(name, "succeeded") for name in CHECKS}
    assert (tmp_path / "words").read_text().splitlines() == WORDS
    assert (tmp_path / "asked").read_text() == "is-active -q nginx.service\n"
    assert "Unsafe permissions" not in log
    assert "SECURITY VIOLATION" not in log


def results(log: str) -> set[tuple[str, str]]:
    return set(re.findall(r"VRRP_Script\((\w+)\) (succeeded|failed)", log))
