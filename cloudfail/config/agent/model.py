"""The agent's settings as the rest of cloudfail uses them: parsed and frozen."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import msgspec

from cloudfail.config.agent.tables import DEFAULT_METRICS, DEFAULT_SOCKET
from cloudfail.model import Address

_LAST_PORT = 65535


class Listen(msgspec.Struct, frozen=True):
    """A TCP address to listen on."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Listen:
        """Read HOST:PORT, an IPv6 address in brackets. Raises ValueError."""
        host, colon, port = text.rpartition(":")
        if host.startswith("[") and host.endswith("]"):
            host = str(IPv6Address(host[1:-1]))
        else:
            host = str(IPv4Address(host))
        if not (colon and port.isascii() and port.isdigit() and 0 < int(port) <= _LAST_PORT):
            raise ValueError(text)
        return cls(host, int(port))


class Responder(msgspec.Struct, frozen=True, kw_only=True):
    """`address` is None for every address of the machine."""

    port: int
    protocol: str = "tcp"
    address: Address | None = None
    path: str = "/"


class LoadedCredential(msgspec.Struct, frozen=True):
    """A file that systemd reads as root and shows to the agent under a name."""

    name: str
    path: Path


class AgentSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Times are in seconds; `metrics_listen` and `metrics_textfile` are None for off."""

    enabled: bool = True
    socket: Path = Path(DEFAULT_SOCKET)
    standby_interval: float = 10.0
    reconcile_interval: float = 5.0
    notices: bool = False
    metrics_listen: Listen | None = Listen.parse(DEFAULT_METRICS)
    metrics_textfile: Path | None = None
    log_format: str = "logfmt"
    log_target: str = "auto"
    load_credential: tuple[LoadedCredential, ...] = ()
