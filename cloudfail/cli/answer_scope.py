"""What of a request is the agent's own: its file, its node, its settings. All else it declines.

Whoever is declined does the work itself, and says itself what is wrong with a flag or a name: the
agent's configuration may be older than the file.
"""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from cloudfail.agent.control.commands import Commands
from cloudfail.agent.control.framing import DeclinedError, Request
from cloudfail.agent.view import InstanceView
from cloudfail.cli.again import again, elsewhere
from cloudfail.cli.claims import has_claims
from cloudfail.cli.dispatch import parse
from cloudfail.cli.target import Wanted
from cloudfail.config import DEFAULT_PATH, Instance, choose
from cloudfail.errors import CloudfailError, ConfigError, UsageError
from cloudfail.role import Event, Role
from cloudfail.target import Target

# These say which of the agent's instances is meant, and are held against what it has.
_MEANT = frozenset(
    f"CLOUDFAIL_{name}" for name in ("CONFIG", "INSTANCE", "PROVIDER", "NODE", "AGENT_SOCKET")
)
# The parser's time grows with their square, and the agent's loop waits for it.
_MOST_WORDS = 100
_SETTINGS = ("interface_id", "region", "endpoint", "set", "to_private_ip")


@dataclass(frozen=True, slots=True)
class Asked:
    """A command whose flags are understood, and which is about what the agent has."""

    commands: Commands
    request: Request
    args: Namespace

    @property
    def as_json(self) -> bool:
        return bool(self.args.output == "json")

    def instance(self) -> Instance:
        """Return the one instance that is meant. Raises DeclinedError."""
        wanted = Wanted.of(self.args, self.request.environ)
        try:
            return choose(self.commands.config, wanted.instance, wanted.provider)
        except ConfigError as error:
            raise DeclinedError(str(error)) from error

    def target(self) -> Target:
        """Return the target of that instance, with claims. Raises DeclinedError."""
        instance = self.instance()
        try:
            target = self.commands.target(instance.name)
        except CloudfailError as error:
            raise DeclinedError(str(error)) from error
        node = Wanted.of(self.args, self.request.environ).node
        if node and node != target.node_name:
            raise DeclinedError(f"the agent is node {target.node_name or 'of no name'}, not {node}")
        return replace(
            target,
            again=again(self.args, target.config, instance),
            elsewhere=elsewhere(self.args, target.config, instance),
            forced=getattr(self.args, "force", False),
        )

    def view(self) -> InstanceView:
        """Return what is known of that instance now. Raises DeclinedError."""
        name = self.instance().name
        for one in self.commands.view().instances:
            if one.name == name:
                return one
        raise DeclinedError(f"the agent has no instance {name}")

    def event(self, role: Role) -> Event:
        return Event.of_process(self.instance().name, role, self.request.peer.pid)


def read(commands: Commands, request: Request) -> Asked:
    """Parse the command. Raises DeclinedError for what is not the agent's."""
    if len(request.argv) > _MOST_WORDS:
        raise DeclinedError(f"the agent takes no command of more than {_MOST_WORDS} words")
    try:
        args = parse(request.argv[0], list(request.argv[1:]))
        why = next(_foreign(commands, request, args), "")
    except UsageError as error:
        raise DeclinedError(str(error)) from error
    except SystemExit as error:  # help, which no client of ours asks for
        raise DeclinedError("the agent shows no help") from error
    if why:
        raise DeclinedError(why)
    return Asked(commands, request, args)


def _foreign(commands: Commands, request: Request, args: Namespace) -> Iterator[str]:
    """Say what the command has of its own."""
    if has_claims(args):
        yield "claims by flags are not the agent's"
    for name in _SETTINGS:
        if getattr(args, name, None):
            yield f"--{name.replace('_', '-')} is not the agent's"
    ours = commands.config.path
    wanted = Wanted.of(args, request.environ).config or str(DEFAULT_PATH)
    if ours is None or not _is_same(wanted, request.cwd, ours):
        yield f"the agent goes by {ours}, not by {wanted}"
    for name, text in request.environ.items():
        if name not in _MEANT and os.environ.get(name) != text:
            yield f"{name} is not the agent's"


def _is_same(wanted: str, cwd: str, ours: Path) -> bool:
    """Say whether somebody's path names our file, without a look at it: a look could hang.

    What goes up (..) may go through a link, and is taken for another's.
    """
    parts = PurePosixPath(cwd, wanted).parts
    return ".." not in parts and parts in {ours.absolute().parts, ours.resolve().parts}
