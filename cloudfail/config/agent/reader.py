"""[agent] and [[instance.NAME.responder]]: parsed, and held against themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cloudfail.config import environment
from cloudfail.config.agent.model import AgentSettings, Listen, LoadedCredential, Responder
from cloudfail.config.agent.tables import AgentTable, ResponderTable
from cloudfail.config.problems import Problems
from cloudfail.config.shape import check_table
from cloudfail.config.values import parse_address
from cloudfail.config.vrrp import text

_LONGEST_SOCKET = 107  # sockaddr_un of linux/un.h, the final NUL excluded


def read_agent(
    document: Mapping[str, Any], environ: Mapping[str, str], problems: Problems
) -> AgentSettings:
    """Return the settings of the agent."""
    good = check_table(document.get("agent", {}), AgentTable, "agent", problems)
    good |= environment.overrides("agent", AgentTable, environ, problems)
    for name in ("socket", "metrics_textfile"):
        if good.get(name) and not text.check(good[name], "path", f"agent.{name}", problems):
            del good[name]
    _check_length(good, problems)
    for name in ("socket", "metrics_textfile"):
        if name in good:
            good[name] = Path(good[name]) if good[name] else None
    if "metrics_listen" in good:
        good["metrics_listen"] = _listen(good["metrics_listen"], problems)
    good["load_credential"] = _credentials(good.get("load_credential", ()), problems)
    return AgentSettings(**good)


def read_responders(
    tables: Iterable[ResponderTable], key: str, problems: Problems
) -> tuple[Responder, ...]:
    """Return the responders of an instance."""
    found: list[Responder] = []
    for index, table in enumerate(tables):
        where = f"{key}[{index}]"
        address = None
        if table.address:
            address = parse_address(table.address, f"{where}.address", problems)
            if address is None:
                continue
        if table.protocol == "http" and not table.path.startswith("/"):
            problems.add(f"{where}.path", f'"{table.path}" is no path', "begin it with a slash")
        found.append(
            Responder(port=table.port, protocol=table.protocol, address=address, path=table.path)
        )
    return tuple(found)


def _check_length(good: dict[str, Any], problems: Problems) -> None:
    if len(str(good.get("socket", "")).encode()) > _LONGEST_SOCKET:
        problems.add(
            "agent.socket",
            f"is longer than a socket's name may be ({_LONGEST_SOCKET} bytes)",
            "choose a shorter path, like /run/cloudfail/agent.sock",
        )
        del good["socket"]


def _listen(written: str, problems: Problems) -> Listen | None:
    if not written:
        return None
    try:
        return Listen.parse(written)
    except ValueError:
        problems.add(
            "agent.metrics_listen",
            f'"{written}" is no address and port',
            'write it like "127.0.0.1:9712" or "[::1]:9712"; "" answers nowhere',
        )
        return None


def _credentials(entries: Iterable[str], problems: Problems) -> tuple[LoadedCredential, ...]:
    found: dict[str, LoadedCredential] = {}
    for index, entry in enumerate(entries):
        name, _, path = entry.partition(":")
        key = f"agent.load_credential[{index}]"
        if not _is_credential_name(name) or not path.startswith("/"):
            problems.add(
                key, f'"{entry}" is not NAME:PATH', 'write it like "aws:/etc/cloudfail/aws"'
            )
        elif name in found:
            problems.add(key, f'"{name}" is there twice', "give each its own name")
        elif text.check(path, "path", key, problems):
            found[name] = LoadedCredential(name, Path(path))
    return tuple(found.values())


def _is_credential_name(name: str) -> bool:
    """A file name, plainer than systemd asks for (credential_name_valid): it stands in a unit."""
    return bool(name) and all(char.isascii() and (char.isalnum() or char in "._-") for char in name)
