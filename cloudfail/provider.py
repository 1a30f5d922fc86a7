"""The whole contract between cloudfail and a cloud.

A provider is found by entry point (group `cloudfail.providers`, value `package:SPEC`). Importing
the package that holds `SPEC` must not import an SDK: only `SPEC.build` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from cloudfail.memory import Memory, ShortMemory
from cloudfail.model import Address, Claim, Finding, Holding, Lane, Node, Peer, Step
from cloudfail.notice import Notices


class Reader(Protocol):
    """Looks, never touches. A dry run is given nothing else."""

    def identify(self) -> Node:
        """Say who this machine is, by the metadata service, cross-checked with the setup.

        Must raise ConfigError when metadata and configuration disagree, UnreachableError when the
        metadata service does not answer. May be called often: must cache what cannot change.
        """
        ...

    def observe(self, claims: Sequence[Claim]) -> Sequence[Holding]:
        """Say who holds each claim now: one holding a claim, in the order given.

        Must read the cloud afresh, must batch (the number of calls must not grow with the number
        of claims), must not write. Must answer UNKNOWN, never NOBODY, when the cloud did not say.
        With peers in the setup, everybody else is a STRANGER; without, everybody else is a PEER.
        May say that a holding `is_fresh`, only where the look shows every write of this node's, and
        that it `is_moving`, where a call of somebody's is known to be under way.
        Raises TransientError, DeniedError, NotFoundError (only if no claim at all can be seen;
        otherwise the holding's `obstacle` says it).
        """
        ...

    def steps(self, holdings: Sequence[Holding], node: Node) -> Sequence[Lane]:
        """Say what would make this node own every holding that a PEER or NOBODY has.

        Must be pure and deterministic, must not call the cloud, must ignore holdings that are
        a STRANGER's, UNKNOWN or that have an obstacle. For one that is MINE it may give steps that
        tidy up what a move left (`Step.tidies`), and no others. Must be given all holdings of an
        instance at once, so that it can batch. Must prefer one atomic take to remove-then-add.
        """
        ...

    def check(self, lanes: Sequence[Lane]) -> Sequence[Finding]:
        """Say whether these lanes would work: permissions, free slots, subnets, own egress.

        Must not change anything; must name what it could not prove. Never called while promoting.
        """
        ...


class Writer(Protocol):
    """The one method that changes a cloud."""

    def execute(self, step: Step) -> None:
        """Do the step; return when the cloud says done.

        Must call `Setup.before_write` before every mutating request it sends, and send nothing
        when that raises. Must be safe to call from several threads. Must not retry. Must be
        idempotent: a step that is already done is not an error.
        Raises TransientError, ConflictError (the world moved), DeniedError, NotFoundError,
        ProviderError.
        """
        ...


class Provider(Reader, Writer, Protocol):
    """Both halves; only `promote` is given one."""


class ApiCall(msgspec.Struct, frozen=True, kw_only=True):
    """One request that a provider sent: for the journal, metrics and benchmarks.

    `status` is the HTTP status, 0 when there was no answer; `code` the cloud's error code.
    """

    operation: str
    mutating: bool
    seconds: float
    status: int = 0
    code: str = ""
    request_id: str = ""


def _allow(operation: str) -> None:
    """Let a write pass: for tools that are not a run."""


def _go_on(what: str) -> None:
    """Let a wait go on: for tools that are not a run."""


def _ignore(call: ApiCall) -> None:
    """Keep nothing."""


def _no_environment(settings: Any, node: Node) -> Mapping[str, str]:
    """Need no variable."""
    del settings, node
    return {}


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider is built from.

    `settings` is an instance of `ProviderSpec.settings`. `address` is this node's unicast address
    and `interface` its network device name, each None/empty when not configured. `peers` are all
    *other* configured nodes. `interface_id` overrides the metadata service. `before_write` is the
    role check: raises SupersededError. `while_waiting` is told, between two looks at it and once a
    second at least where nothing is asked meanwhile, what `execute` waits for after a request:
    raises SupersededError and DeadlineError, which it lets pass. `on_call` is told of every request. `width` is how many
    lanes may run at once. `assured_egress` is the operator's word that the API stays reachable
    without any claimed object. `memory` keeps what a move that is not atomic would lose.
    """

    settings: Any
    interface: str = ""
    interface_id: str = ""
    address: Address | None = None
    name: str = ""
    peers: tuple[Peer, ...] = ()
    before_write: Callable[[str], None] = _allow
    while_waiting: Callable[[str], None] = _go_on
    on_call: Callable[[ApiCall], None] = _ignore
    width: int = 16
    assured_egress: bool = False
    memory: Memory = msgspec.field(default_factory=ShortMemory)


class Permission(msgspec.Struct, frozen=True, kw_only=True):
    """One permission of the cloud, the method that needs it, and why."""

    action: str
    method: str
    why: str
    write: bool = False


class ProviderSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What an entry point resolves to. Nothing in it needs the cloud or its SDK.

    `settings` is the Struct of the `[provider.NAME]` table, and `extra` what pip must install.
    `validate` gives one sentence for each claim that this cloud cannot serve, offline.
    `render` gives the argv of the vendor's command line for a step. `permissions` lists the
    least permissions for the claims; `policy` gives documents ready to paste, by name
    (`read`, `write`). `deadline` is the default for one run, in seconds. `secondary_ranges` says
    that subnets have ranges besides the one that a node declares. `environment` gives the
    variables that rendered commands need to reach the same cloud (a region, an endpoint), from
    the settings and the node; never a secret. `terraform` gives the documents of `policy` as
    Terraform resources, by the same names; None: this provider has none. `notices` gives where
    the cloud announces to this machine that it will be interrupted, from the settings; it must
    not need the SDK. None: this cloud announces nothing.
    """

    name: str
    summary: str
    extra: str
    kinds: frozenset[str]
    settings: type[msgspec.Struct]
    build: Callable[[Setup], Provider]
    render: Callable[[Step], Sequence[str]]
    validate: Callable[[Sequence[Claim]], Sequence[str]]
    permissions: Callable[[Sequence[Claim]], Sequence[Permission]]
    policy: Callable[[Sequence[Claim], Any], Mapping[str, str]]
    deadline: float = 30.0
    secondary_ranges: bool = False
    environment: Callable[[Any, Node], Mapping[str, str]] = _no_environment
    terraform: Callable[[Sequence[Claim], Any], Mapping[str, str]] | None = None
    notices: Callable[[Any], Notices] | None = None
    api: int = 1
