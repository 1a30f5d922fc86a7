"""A machine for generated files: namespaces with the devices, the users and the directories."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from cloudfail import process
from cloudfail.keepalived.generate import Generated
from cloudfail.keepalived.version import installed_version

PASSWD = """root:x:0:0:root:/root:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
cloudfail:x:990:990:cloudfail:/var/lib/cloudfail:/usr/sbin/nologin
"""
GROUP = "root:x:0:\nnobody:x:65533:\nnogroup:x:65534:\ncloudfail:x:990:\n"
DIRECTORIES = ("etc/keepalived", "mnt")
_NAMESPACES = (
    *("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
    "--propagation=private",
)
KILLED = 128 + 15
_AS_ROOT = (
    r"grep -rlE '^ +(script_)?user ' /etc/keepalived /mnt | "
    r"xargs sed -Ei 's/^( +(script_)?user ).*/\1root/'"
)

needs_keepalived = pytest.mark.skipif(
    os.geteuid() != 0 or installed_version() is None, reason="needs root and keepalived"
)


@dataclass(frozen=True)
class Verdict:
    code: int
    said: str


def run_inside(
    script: str, tmp_path: Path, *, timeout: float = 60
) -> process.CompletedProcess[str]:
    """Run a shell script in namespaces of its own that have eth0, eth1, ens4, ens5 and the user cloudfail."""
    (tmp_path / "passwd").write_text(PASSWD)
    (tmp_path / "group").write_text(GROUP)
    prepared = f"""
        set -e
        mount --bind {shlex.quote(str(tmp_path / "passwd"))} /etc/passwd
        mount --bind {shlex.quote(str(tmp_path / "group"))} /etc/group
        mount -t tmpfs tmpfs /run
        mkdir /run/cloudfail
        ip link set lo up
        ip link add eth0 type veth peer name eth1
        ip link add ens5 type veth peer name ens4
        for device in eth0 eth1 ens4 ens5; do ip link set "$device" up; done
        set +e
    """
    return process.run(
        [*_NAMESPACES, "bash", "-c", prepared + script],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout,
        check=False,
        stdin=process.DEVNULL,
    )


def write(generated: Generated, root: Path) -> None:
    """Put a node's files beneath `root`, and the directories that the namespaces mount."""
    for name in DIRECTORIES:
        (root / name).mkdir(parents=True, exist_ok=True)
    for file in generated.files:
        target = root / file.path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch(file.mode)
        target.write_text(file.text, encoding="utf-8")
    for directory in ("conf.d", "more", "instance.d"):
        for place in ("etc/keepalived", "mnt/keepalived"):
            (root / place / directory).mkdir(parents=True, exist_ok=True)


def tried_out(roots: Mapping[str, str], tmp_path: Path) -> Sequence[Verdict]:
    """Let `keepalived -t` test the keepalived.conf (value) of each tree (key), all in one shell.

    At a script that is not root's, `-t` of 2.2.7 kills itself by SIGTERM, once it has read
    everything (acassen/keepalived#2180): the rest is then tested as root's.
    """
    lines = []
    for number, (root, conf) in enumerate(roots.items()):
        said = tmp_path / f"said-{number}"
        test = f"keepalived -t -f {conf} >{said} 2>&1"
        binds = " && ".join(f"mount --bind {root}/{name} /{name}" for name in DIRECTORIES)
        undo = "; ".join(f"umount /{name}" for name in DIRECTORIES)
        lines.append(f"{binds}; {test}; code=$?")
        lines.append(
            f"if [ $code = {KILLED} ] && [ ! -s {said} ]; then {_AS_ROOT}; {test}; code=$?; fi"
        )
        lines.append(f"echo $code; {undo}")
    done = run_inside("\n".join(lines), tmp_path)
    codes = [int(word) for word in done.stdout.split()]
    assert len(codes) == len(roots), done.stderr
    return [Verdict(code, (tmp_path / f"said-{number}").read_text(errors="replace"))
            for number, code in enumerate(codes)]  # fmt: skip
