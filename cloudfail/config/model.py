"""The configuration as the rest of cloudfail uses it: parsed, checked, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from cloudfail.config.agent.model import AgentSettings, Responder
from cloudfail.config.file import DEFAULT_JOURNAL
from cloudfail.config.vrrp.model import Host, Keepalived, Vrrp
from cloudfail.model import Address, Claim, Network
from cloudfail.provider import ProviderSpec


class ConfiguredNode(msgspec.Struct, frozen=True, kw_only=True):
    """A member of an instance; `subnet` is None where the file does not declare it.

    `interface` and `router_id` are empty where the node has none of its own.
    """

    name: str
    address: Address
    priority: int
    interface_id: str = ""
    subnet: Network | None = None
    interface: str = ""
    router_id: str = ""


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """A `vrrp_instance`. `deadline` is in seconds, None: the provider's default."""

    name: str
    provider: str
    interface: str = ""
    virtual_router_id: int | None = None
    nodes: tuple[ConfiguredNode, ...] = ()
    claims: tuple[Claim, ...] = ()
    deadline: float | None = None
    width: int = 16
    vrrp: Vrrp = Vrrp()
    responders: tuple[Responder, ...] = ()

    def device_of(self, node: ConfiguredNode | None) -> str:
        """Return the network device VRRP runs on at a node; empty where none is configured."""
        return (node.interface if node else "") or self.interface


class JournalSettings(msgspec.Struct, frozen=True, kw_only=True):
    path: Path = Path(DEFAULT_JOURNAL)
    max_bytes: int = 1 << 20
    keep: int = 5


class GuardSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`own_egress` is "check" or "assured"."""

    protected: tuple[Network, ...] = ()
    own_egress: str = "check"


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """One file; `path` is None when there is none.

    `providers` holds an instance of `ProviderSpec.settings` for each provider that the file names
    and that can be loaded, `specs` the plugins themselves; `unusable` says of the others why not.
    """

    path: Path | None = None
    instances: Mapping[str, Instance] = {}
    providers: Mapping[str, Any] = {}
    specs: Mapping[str, ProviderSpec] = {}
    unusable: Mapping[str, str] = {}
    journal: JournalSettings = JournalSettings()
    guard: GuardSettings = GuardSettings()
    keepalived: Keepalived = Keepalived()
    host: Host = Host()
    agent: AgentSettings = AgentSettings()
