"""Plain values that flow config -> identity -> observe -> plan -> apply -> verify -> journal.

Everything here is frozen, and encodes to JSON with `to_json`.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Any, ClassVar

import msgspec

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Owner(enum.StrEnum):
    """Who has a claim now, as seen from this node."""

    MINE = "mine"
    PEER = "peer"
    NOBODY = "nobody"
    STRANGER = "stranger"
    UNKNOWN = "unknown"  # the API did not say; never a reason to move anything


class Severity(enum.StrEnum):
    OK = "ok"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Claim(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="claim"):
    """Something the VRRP master must own. A subclass is a kind; `str(claim)` names it.

    `resource_id` is the cloud's own id of the object, where the operator knows it (AWS: the
    allocation id of an Elastic IP); empty means: found by address.
    """

    kind: ClassVar[str] = "claim"
    resource_id: str = ""

    @property
    def target(self) -> str:
        raise NotImplementedError

    def __str__(self) -> str:
        return f"{self.kind} {self.target}"


class PublicIp(Claim, frozen=True, kw_only=True, tag="public-ip"):
    """A public address; `private_address` is the private one it sits on (default: the primary)."""

    kind: ClassVar[str] = "public-ip"
    address: Address
    private_address: Address | None = None

    @property
    def target(self) -> str:
        return str(self.address)

    def sits_on(self, other: Claim) -> bool:
        """True for the private-ip claim of the address that this one names as its seat."""
        return isinstance(other, PrivateIp) and other.address == self.private_address


class PrivateIp(Claim, frozen=True, kw_only=True, tag="private-ip"):
    """A secondary private address of the node's network interface.

    With `prefix_length` it is a range of addresses that moves as one, and `address` its first.
    """

    kind: ClassVar[str] = "private-ip"
    address: Address
    prefix_length: int | None = None

    @property
    def network(self) -> Network:
        """The address or the range as a network."""
        length = self.address.max_prefixlen if self.prefix_length is None else self.prefix_length
        return ip_network((self.address, length))

    @property
    def target(self) -> str:
        return str(self.address if self.prefix_length is None else self.network)


class Route(Claim, frozen=True, kw_only=True, tag="route"):
    """One destination in one route table; the next hop is the master's network interface.

    `role_arn` is the AWS role to assume for a table in another account.
    """

    kind: ClassVar[str] = "route"
    destination: Network
    table: str
    role_arn: str = ""

    @property
    def target(self) -> str:
        return f"{self.table} {self.destination}"


class ForwardingRule(Claim, frozen=True, kw_only=True, tag="forwarding-rule"):
    """A rule that forwards a public address to the master's machine, by its name.

    `region` and `project` are the node's own where they are empty.
    """

    kind: ClassVar[str] = "forwarding-rule"
    name: str
    region: str = ""
    project: str = ""

    @property
    def target(self) -> str:
        return "/".join(part for part in (self.project, self.region, self.name) if part)


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """A configured node of the instance: its unicast address, and its interface where given."""

    name: str
    address: Address
    interface_id: str = ""


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """The machine we run on, as the cloud knows it.

    `ref` is the id of the network interface that claims move to. `facts` are the provider's
    (AWS: region, instance_id, mac, subnet_id, vpc_id, primary address ...), strings only.
    """

    ref: str
    name: str = ""
    addresses: tuple[Address, ...] = ()
    facts: Mapping[str, str] = {}


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """A claim and who has it now.

    `holder` is the cloud's id of the holder (a network interface), empty for nobody and unknown.
    `obstacle` says why this node cannot take the claim, whoever has it ("10.0.2.9 is outside
    subnet 10.0.1.0/24 of eni-0a"). `facts` is what `steps` needs to know of the observation; its
    `note`, if any, is what an operator should know before the claim is taken: a warning of the plan.
    `is_fresh`: the look shows everything that this node wrote, so that it may be planned from at
    once. `is_moving`: a call that somebody has begun may change it yet. `reason` says why what was
    seen does not count as held, and what to do where it stays so; it keeps nobody from taking it.
    """

    claim: Claim
    owner: Owner
    holder: str = ""
    obstacle: str = ""
    facts: Mapping[str, str] = {}
    is_fresh: bool = False
    is_moving: bool = False
    reason: str = ""

    @property
    def remark(self) -> str:
        """What a person is told beside the owner: the obstacle, else the reason."""
        return self.obstacle or self.reason


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One mutating call of the cloud's API; running it twice equals running it once.

    `params` are the call's arguments in the cloud's own words and go into the plan's digest;
    `conditions` are its volatile arguments (etag, fingerprint, association id) and do not.
    `destroys` are facts that nobody can read any more once this step is done: the journal has
    them on disk first. `releases` marks a remove that an add follows; `completes` marks that add.
    `tidies` marks a step for a claim that this node has, which changes nothing for whoever uses it.
    Steps of one lane run stage by stage; those of one stage run in parallel.
    """

    call: str
    claims: tuple[Claim, ...]
    params: Mapping[str, Any]
    summary: str
    stage: int = 0
    conditions: Mapping[str, Any] = {}
    destroys: Mapping[str, str] = {}
    releases: bool = False
    completes: bool = False
    tidies: bool = False


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """Steps in order on one contended object (a network interface, a route table)."""

    key: str
    steps: tuple[Step, ...]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something an operator should know: what, where, and what to do next."""

    severity: Severity
    subject: str
    message: str
    remedy: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen, what follows from it, and what was refused and why."""

    instance: str
    node: Node
    holdings: tuple[Holding, ...]
    lanes: tuple[Lane, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for lane in self.lanes for step in lane.steps)

    @property
    def blocked(self) -> bool:
        """True when something that is not ours stays so: refused, obstructed or unknown."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)

    @property
    def digest(self) -> str:
        """16 hex digits over what was seen and would be done, without volatile ids."""
        seen = [[str(h.claim), h.owner, h.holder, h.obstacle] for h in self.holdings]
        done = [
            [lane.key, [[s.call, s.stage, to_json(s.params)] for s in lane.steps]]
            for lane in self.lanes
        ]
        text = msgspec.json.encode([self.instance, self.node.ref, seen, done], order="sorted")
        return hashlib.sha256(text).hexdigest()[:16]


def to_json(value: Any) -> Any:
    """Turn any value of this module into what `json.dumps` takes; addresses become text."""
    return msgspec.to_builtins(value, enc_hook=str, str_keys=True, order="sorted")
