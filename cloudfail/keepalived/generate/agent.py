"""What keepalived and systemd need for the resident agent: handover files, its unit, its directories."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from cloudfail.agent.handbrake import DIRECTORY, handover_file
from cloudfail.config.agent.paths import (
    RUNTIME_DIRECTORY,
    STATE_DIRECTORY,
    TRACKER,
    UNIT,
    fifo_of,
)
from cloudfail.config.vrrp.model import TrackFile
from cloudfail.errors import ConfigError
from cloudfail.keepalived.generate.render import render
from cloudfail.keepalived.generate.site import Member, Site

UNIT_FILE = f"/etc/systemd/system/{UNIT}"
_PRIVILEGED = 1024  # the first port that anybody may listen on (ip(7))
_SAFE = re.compile(r"[A-Za-z0-9_./:=@,+-]+")


class Capability(msgspec.Struct, frozen=True):
    """A capability that the agent keeps, and what for."""

    name: str
    reason: str


def handover_of(member: Member) -> TrackFile:
    """Return what keepalived tracks so that the agent can give an instance away.

    Weight 0: any number but 0 in the file is FAULT, at once (measured with 2.2.7: also in a sync
    group; a file that is missing counts as 0).
    """
    name = member.instance.name
    return TrackFile(name=f"{TRACKER}{name}", file=str(handover_file(name)), weight=0)


def handovers_of(site: Site) -> tuple[TrackFile, ...]:
    """Return the file of each instance of the node; none without an agent."""
    return tuple(map(handover_of, site.members)) if site.config.agent.enabled else ()


def agent_unit(site: Site) -> str:
    """Return the agent's systemd unit. Raises ConfigError for a socket where it may make none."""
    _check_socket(site)
    return render(
        "cloudfail-agent.service.j2",
        command=_word(site.config.keepalived.command),
        handover_directory=DIRECTORY,
        capabilities=tuple(_capabilities(site)),
        writable=[_word(f"-{path}") for path in _writable(site)],
        credentials=site.config.agent.load_credential,
        specifier=specifier,
    )


def specifier(text: object) -> str:
    """A lone % would begin a specifier (systemd.unit(5), tmpfiles.d(5))."""
    return str(text).replace("%", "%%")


def _check_socket(site: Site) -> None:
    """A directory of somebody else's is not made the agent's, and without one of its own it has none."""
    socket = site.config.agent.socket
    if socket.parent not in (RUNTIME_DIRECTORY, STATE_DIRECTORY):
        raise ConfigError(
            f"{site.config.path}: agent.socket: nobody makes {socket.parent} for the agent's user; "
            f"choose {RUNTIME_DIRECTORY}/{socket.name}"
        )


def _capabilities(site: Site) -> Iterator[Capability]:
    yield Capability("CAP_NET_RAW", "to hear VRRP's adverts, one's own and the peers'")
    listen = site.config.agent.metrics_listen
    ports = [one.port for member in site.members for one in member.instance.responders]
    ports += [listen.port] if listen else []
    if low := sorted({port for port in ports if port < _PRIVILEGED}):
        words = ", ".join(map(str, low))
        yield Capability("CAP_NET_BIND_SERVICE", f"to answer on port {words}")


def _writable(site: Site) -> Iterator[Path]:
    """Yield what is outside of the directories that the unit makes anyway."""
    config = site.config
    fifo, textfile = fifo_of(config), config.agent.metrics_textfile
    wanted = [
        *([fifo.parent] if fifo else []),
        config.journal.path.parent,
        *([textfile.parent] if textfile else []),
    ]
    for path in dict.fromkeys(wanted):
        if not any(path.is_relative_to(own) for own in (RUNTIME_DIRECTORY, STATE_DIRECTORY)):
            yield path


def _word(text: str) -> str:
    """Return a word of a unit file: quoted where it has to be (systemd.syntax(7))."""
    if _SAFE.fullmatch(text):
        return text
    quoted = "".join(_escaped(char) for char in text)
    return f'"{specifier(quoted)}"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return char if char.isprintable() else "".join(f"\\x{byte:02x}" for byte in char.encode())
