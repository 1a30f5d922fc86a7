"""What the installed keepalived makes of a configuration: the messages of `-t`, and its words."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from cloudfail import process

KEEPALIVED = shutil.which("keepalived", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
NEEDS_KEEPALIVED = pytest.mark.skipif(
    os.geteuid() != 0 or KEEPALIVED is None, reason="needs root and keepalived"
)
# The first of four readings names the top file by `Line 3` only; it ends with this keyword.
END = "the_end"
_UNKNOWN = re.compile(r"\((?:([^:()]+): )?Line (\d+)\) Unknown keyword '(.*)'")
_RUN = """
ip link add ka0 type veth peer name ka1 && ip link set ka1 up && ip link set ka0 up || exit 70
ip addr add 10.9.0.1/24 dev ka0 || exit 70
exec timeout "$@"
"""
_INSTANCE = """
vrrp_instance V_{number} {{
  interface ka0
  virtual_router_id {number}
  unicast_src_ip 10.9.0.1
  unicast_peer {{
    10.9.0.2
  }}
  virtual_ipaddress {{
    10.9.1.{number}
  }}
  {line}
}}
"""


Keyword = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Said:
    code: int
    output: str

    def unknown(self, name: str) -> list[Keyword]:
        """(file, line, keyword) up to END, in the order in which keepalived met them."""
        found: list[Keyword] = []
        for file, line, word in _UNKNOWN.findall(self.output):
            if word == END:
                return found
            if word != "}":  # of the unknown blocks, which keepalived does not know as blocks
                found.append((Path(file).name or name, int(line), word))
        raise AssertionError(self.output)


def check(path: Path, *options: str) -> Said:
    """`keepalived -t` in the file's own directory, where it sees no interface but lo."""
    assert KEEPALIVED is not None
    done = process.run(
        ["unshare", "--net", KEEPALIVED, "-t", "-f", path.name, *options],
        cwd=path.parent,
        capture_output=True,
        check=False,
        timeout=30,
        stdin=process.DEVNULL,
    )
    return Said(done.returncode, done.stderr.decode("latin-1"))


def dump(directory: Path, text: str) -> list[str]:
    """What `keepalived -d` says of the configuration that it runs, without the time of day.

    It is given longer on a machine that is busy: the first state comes after all that is dumped.
    """
    assert KEEPALIVED is not None
    path = directory / "dumped.conf"
    path.write_text(text)
    pids = [f"-{letter}{directory / letter}" for letter in "prb"]
    command = [KEEPALIVED, "-n", "-l", "-d", "-P", "-G", "-f", path.name, *pids]
    said = ""
    for seconds in ("1.2", "5", "20"):
        done = process.run(
            ["unshare", "--net", "sh", "-c", _RUN, "sh", seconds, *command],
            cwd=directory,
            capture_output=True,
            check=False,
            timeout=40,
            stdin=process.DEVNULL,
        )
        assert done.returncode != 70, done.stderr
        said = (done.stdout + done.stderr).decode("latin-1")
        if "Entering BACKUP STATE" in said:
            return [line.partition(": ")[2] for line in said.splitlines()]
    raise AssertionError(said)


def read_words(directory: Path, block: str) -> list[str]:
    """The words that keepalived finds in a block of any words: its list of mail addresses."""
    text = f"global_defs {{\n smtp_server 127.0.0.1\n notification_email {{\n{block}\n }}\n}}\n"
    lines = dump(directory, text + _INSTANCE.format(number=1, line=""))
    start = lines.index(" Email notification to:") + 1
    words = []
    for line in lines[start:]:
        if not line.startswith("   "):
            break
        words.append(line[3:])
    assert words
    return words


def read_commands(directory: Path, lines: Sequence[str]) -> list[str]:
    """The argv of each notify script as keepalived prints it: `'/usr/bin/echo' 'a'`."""
    instances = [_INSTANCE.format(number=number, line=line) for number, line in enumerate(lines, 1)]
    said = dump(directory, "global_defs {\n script_user root\n}\n" + "".join(instances))
    found = [line for line in said if "transition script = " in line]
    return [line.partition(" = ")[2].partition(", uid:gid")[0] for line in found]
