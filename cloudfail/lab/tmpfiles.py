"""What systemd-tmpfiles does at boot, for a node that has no systemd: /run is empty then."""

from __future__ import annotations

import os
from pathlib import Path

_RUN = Path("/run")
_ARGUMENT = 6  # tmpfiles.d(5): type, path, mode, user, group, age, argument


def make(directory: Path, run: Path) -> None:
    """Make the directories, files and FIFOs beneath /run that the files of `directory` name.

    `run` is what the node has at /run. Everything belongs to root: a node has no other user.
    """
    for file in sorted(directory.glob("*.conf")):
        for line in file.read_text().splitlines():
            words = line.split(maxsplit=_ARGUMENT)
            if len(words) > 1 and Path(words[1]).is_relative_to(_RUN):
                _make(words, run / Path(words[1]).relative_to(_RUN))


def _make(words: list[str], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    match words[0]:
        case "d":
            path.mkdir(exist_ok=True)
        case "p":
            os.mkfifo(path)
        case "f":
            # \n stands for the end of a line there.
            path.write_text("".join(words[_ARGUMENT:]).replace("\\n", "\n"))
        case _:
            return
    if words[2] != "-":
        path.chmod(int(words[2], 8))
