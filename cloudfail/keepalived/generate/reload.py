"""Let the machine take up what was installed: kernel, systemd, the agent, keepalived."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from cloudfail import process
from cloudfail.agent.control.client import Answer, hand_over
from cloudfail.config.agent.paths import UNIT
from cloudfail.config.agent.tables import DEFAULT_SOCKET
from cloudfail.errors import ConfigError
from cloudfail.keepalived.generate.difference import Change

_SECONDS = 60
_BOOTED_BY_SYSTEMD = Path("/run/systemd/system")  # sd_booted(3)
_PID_FILES = (Path("/run/keepalived.pid"), Path("/run/keepalived/keepalived.pid"))
_RELOAD = ("systemctl", "reload", "keepalived")
_AGENT = "cloudfail-agent"
_AGENT_ANEW = ("systemctl", "restart", _AGENT)
_AGENT_RELOAD = ("systemctl", "reload-or-restart", _AGENT)
_AGENT_STOP = ("systemctl", "stop", _AGENT)


class Command(msgspec.Struct, frozen=True):
    """What makes a changed file effective."""

    argv: tuple[str, ...]


def commands_for(
    changes: Sequence[Change], directory: str, *, agent: bool = False
) -> tuple[Command, ...]:
    """Return what has to run after these changes, in order; `directory` is keepalived's.

    An `agent` reads cloudfail.toml anew in any case: what it claims stands in no generated file.
    """
    return tuple(dict.fromkeys(_each(changes, directory, agent=agent)))


def reload(
    commands: Sequence[Command],
    pid_files: Sequence[Path] = _PID_FILES,
    agent_socket: Path = Path(DEFAULT_SOCKET),
) -> None:
    """Run them; without systemd none of its own.

    An agent that runs is told through its socket then, and keepalived by SIGHUP. Raises ConfigError.
    """
    for number, command in enumerate(commands):
        if not command.argv[0].startswith("system") or _BOOTED_BY_SYSTEMD.is_dir():
            _run(command, commands[number:])
        elif command.argv in {_AGENT_ANEW, _AGENT_RELOAD}:
            _tell_agent(agent_socket)
        elif command.argv == _RELOAD:
            _hang_up(pid_files)


# What makes a file effective, by the directory it is in; in the order in which it has to happen.
_BY_DIRECTORY = (
    ("sysusers.d", ("systemd-sysusers",)),
    ("tmpfiles.d", ("systemd-tmpfiles", "--create")),
    ("sysctl.d", ("sysctl", "-q", "-p")),
    ("network", ("networkctl", "reload")),
    ("interfaces.d", ("ifup", "-a")),
    ("keepalived.service.d", ("systemctl", "daemon-reload")),
    ("system", ("systemctl", "daemon-reload")),
)
# Of these directories also a file that is gone has to be taken up.
_ALSO_GONE = frozenset({"network", "keepalived.service.d", "system"})


def _each(changes: Sequence[Change], directory: str, *, agent: bool) -> Iterator[Command]:
    for name, argv in _BY_DIRECTORY:
        for change in changes:
            is_meant = change.file is not None or name in _ALSO_GONE
            if is_meant and change.path.parent.name == name:
                yield Command((*argv, str(change.path)) if name == "sysctl.d" else argv)
    yield from _of_agent(changes, agent=agent)  # before keepalived: it is to read the new FIFO
    if any(str(change.path).startswith(directory + "/") for change in changes):
        yield Command(_RELOAD)


def _of_agent(changes: Sequence[Change], *, agent: bool) -> Iterator[Command]:
    unit = next((change for change in changes if change.path.name == UNIT), None)
    if unit is not None:
        yield Command(_AGENT_STOP if unit.file is None else _AGENT_ANEW)
    elif agent:
        yield Command(_AGENT_RELOAD)


def in_words(commands: Sequence[Command]) -> str:
    return "; ".join(" ".join(one.argv) for one in commands)


def _run(command: Command, left: Sequence[Command]) -> None:
    program = command.argv[0]
    if shutil.which(program) is None:
        raise ConfigError(
            f"the files are in place, but {program} is not installed here; what is left to do: "
            f"{in_words(left)}"
        )
    if why := _failure(command):
        is_reload = command.argv == _RELOAD
        start = (
            " (one that does not run yet: systemctl enable --now keepalived)" if is_reload else ""
        )
        raise ConfigError(
            f"the files are in place, but `{' '.join(command.argv)}` failed {why}; correct that, then "
            f"do what is left: {in_words(left)}{start}"
        )


def _failure(command: Command) -> str:
    """Run it; return why it failed, empty when it did not."""
    try:
        done = process.run(
            command.argv,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            errors="replace",
        )
    except OSError as error:
        return f"({error.strerror})"
    except process.TimeoutExpired:
        return f"(no answer within {_SECONDS} s)"
    if not done.returncode:
        return ""
    said = (done.stderr or done.stdout).strip().replace("\n", "; ")
    return f"(exit code {done.returncode}): {said}"


def _tell_agent(path: Path) -> None:
    """Let it read cloudfail.toml again; one that does not run, will when it starts."""
    told = hand_over(("reload",), {"CLOUDFAIL_AGENT_SOCKET": str(path)})
    if isinstance(told, Answer):
        why = told.stderr.strip() if told.exit_code else ""
    else:
        why = str(told) if told.is_odd else ""
    if why:
        raise ConfigError(
            f"the files are in place, but the agent goes on with its old settings: {why}; correct "
            "that, then `cloudfail reload`"
        )


def _hang_up(pid_files: Sequence[Path]) -> None:
    """Send SIGHUP, on which keepalived reads its configuration again (keepalived(8))."""
    for file in pid_files:
        try:
            pid = int(file.read_text())
            if Path(f"/proc/{pid}/comm").read_text().strip() != "keepalived":
                continue  # the file outlived it, and the number is somebody else's by now
            os.kill(pid, signal.SIGHUP)
        except (OSError, ValueError):
            continue
        return
    raise ConfigError(
        "the files are in place, but keepalived does not run here (no "
        f"{' or '.join(map(str, pid_files))} of a living process); start it"
    )
