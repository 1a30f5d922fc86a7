"""What no single table shows of the agent: ports that two want, and places it cannot write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

import msgspec

from cloudfail.config.agent.model import AgentSettings
from cloudfail.config.agent.paths import RUNTIME_DIRECTORY, TRACKER
from cloudfail.config.model import Instance
from cloudfail.config.problems import Problems
from cloudfail.config.vrrp.model import Keepalived
from cloudfail.model import Address

_EVERY: tuple[Address, ...] = (IPv4Address("0.0.0.0"), IPv6Address("::"))  # noqa: S104 - compared
_SHARED = 3  # of the parts of /run/agent.sock: whose directory is the system's


class _Port(msgspec.Struct, frozen=True):
    """Something that listens; `nodes` is None for every node."""

    key: str
    number: int
    addresses: tuple[Address, ...]
    nodes: frozenset[str] | None = None

    def meets(self, other: _Port) -> bool:
        """Say whether the two could not both listen on some node."""
        if self.number != other.number:
            return False
        if self.nodes is not None and other.nodes is not None and not self.nodes & other.nodes:
            return False
        return any(_overlap(a, b) for a in self.addresses for b in other.addresses)


def check_agent(
    instances: Mapping[str, Instance],
    agent: AgentSettings,
    keepalived: Keepalived,
    problems: Problems,
) -> None:
    """Add what stands between the agent's settings, its responders, and keepalived's trackers."""
    _check_ports(list(_ports(instances, agent)), problems)
    _check_socket(agent, problems)
    if agent.enabled:
        _check_trackers(keepalived, problems)


def _ports(instances: Mapping[str, Instance], agent: AgentSettings) -> Iterator[_Port]:
    if agent.metrics_listen is not None:
        address = ip_address(agent.metrics_listen.host)
        yield _Port("agent.metrics_listen", agent.metrics_listen.port, (address,))
    for name, instance in instances.items():
        nodes = frozenset(node.name for node in instance.nodes) or None
        for index, one in enumerate(instance.responders):
            addresses = _EVERY if one.address is None else (one.address,)
            yield _Port(f"instance.{name}.responder[{index}]", one.port, addresses, nodes)


def _overlap(one: Address, other: Address) -> bool:
    """The agent opens a socket for each family: the addresses of one never touch the other's."""
    if one.version != other.version:
        return False
    return one == other or one in _EVERY or other in _EVERY


def _check_ports(ports: Sequence[_Port], problems: Problems) -> None:
    for index, port in enumerate(ports):
        first = next((one for one in ports[:index] if one.meets(port)), None)
        if first is not None:
            problems.add(
                f"{port.key}.port",
                f"{port.number} is also that of {first.key}",
                "choose another port: on one node only one can listen",
            )


def _check_socket(agent: AgentSettings, problems: Problems) -> None:
    """Its directory has to be the agent's own: it is made for its user."""
    directory = agent.socket.parent
    if len(agent.socket.parts) <= _SHARED or str(directory) in {"/var/run", "/var/lib", "/var/tmp"}:  # noqa: S108 - refused
        problems.add(
            "agent.socket",
            f"{directory} belongs to the system, and the agent may make nothing in it",
            f"choose a directory of its own, like {RUNTIME_DIRECTORY}/agent.sock",
        )


def _check_trackers(keepalived: Keepalived, problems: Problems) -> None:
    for name in keepalived.track_files:
        if name.startswith(TRACKER):
            problems.add(
                f"track_file.{name}",
                f"begins with {TRACKER}, as the files of `cloudfail handover` do",
                "give it another name",
            )
