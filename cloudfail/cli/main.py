"""The entry point. An import is downtime: what the agent answers takes none that can be spared."""

from __future__ import annotations

import gc
import os
import sys

from cloudfail.cli import output, world

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

COMMANDS = {
    "promote": "make this node own every claim of an instance",
    "plan": "say what promote would do, and do nothing",
    "status": "say who holds each claim now",
    "demote": "stop a running promotion; release nothing",
    "notify": "take keepalived's notify arguments",
    "agent": "stay resident: hear VRRP, have everything ready, act, and never let go",
    "pause": "let the agent move and repair nothing, until resume",
    "resume": "let the agent work again",
    "reload": "let the agent read its configuration again",
    "handover": "give the role to a peer, as for maintenance",
    "history": "show what past runs did",
    "providers": "list the clouds that are installed",
    "policy": "print the least permissions that the claims need",
    "config": "check the configuration, print its schema",
    "generate": "write keepalived.conf and what the host needs, from the configuration",
    "import": "write cloudfail.toml from the keepalived.conf of a pair that works",
    "lint": "find the known mistakes in keepalived.conf",
    "doctor": "look whether everything is in place for a failover",
    "adverts": "show VRRP adverts on the wire, live",
    "version": "print the versions of everything involved",
    "completion": "print a completion script for a shell",
    "lab": "rehearse a failover on this machine",
}
# Each starts a thread or a child for nobody else, and has closed what it opened.
_QUICK = frozenset({"promote", "plan", "status", "demote", "notify", "generate"})
# What the agent of this node does, where there is one.
_HANDED_OVER = frozenset({"promote", "plan", "status", "demote", "notify"})
EXIT_CODES = """exit codes:
  0 done, and verified    1 something was found (lint, doctor, ...)
  2 changes pending       3 written, but not shown by the cloud
  4 superseded            64 usage                     69 unreachable
  70 a bug                74 no room for the output    75 time is up
  77 refused or denied    78 configuration
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    world.prepare()
    command = command_of(arguments)
    try:
        code = _answered(arguments) if command in _HANDED_OVER else None
    except KeyboardInterrupt:
        code = 130
    if code is None:
        from cloudfail.cli.dispatch import guarded

        code = guarded(arguments)
    return output.finish(command, code)


def entry() -> NoReturn:
    """End the process as the console script does: with an SDK loaded, at once.

    Taking the interpreter down takes 0.1 s then; everything is written and flushed by now.
    """
    if command_of(sys.argv[1:]) not in _QUICK:
        sys.exit(main())
    # What lives for half a second is not worth collecting: it costs a fifteenth of that.
    gc.disable()
    code = main()
    os._exit(code)


def command_of(arguments: Sequence[str]) -> str:
    """Return the command; empty when there is none of that name."""
    word = arguments[0] if arguments else ""
    return "version" if word == "--version" else word if word in COMMANDS else ""


def _answered(arguments: list[str]) -> int | None:
    from cloudfail.cli.handing_over import answered

    return answered(arguments)


if __name__ == "__main__":
    entry()
