"""Let the agent of this node do a command, where one answers; imports little, it is downtime."""

from __future__ import annotations

import os

from cloudfail.agent.control.client import Answer, hand_over
from cloudfail.cli.output import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudfail.agent.control.client import Unanswered

# What the agent never does for another process: help, tracebacks, a display that goes on.
_OWN = ("-h", "--help", "--debug", "--watch")


def answered(arguments: Sequence[str]) -> int | None:
    """Return the exit code of what the agent did; None when the caller has to do it itself.

    When an agent is there that should have answered, and has not, that is said.
    """
    if any(word.partition("=")[0] in _OWN for word in arguments):
        return None
    told = ask(arguments)
    if isinstance(told, Answer):
        return pass_on(told)
    if told.is_odd:
        from cloudfail.cli import messages

        messages.say(instead(told))
    return None


def instead(told: Unanswered) -> str:
    """Say why the agent's answer is not waited for any more."""
    return f"{told}; this process does the work itself"


def ask(arguments: Sequence[str]) -> Answer | Unanswered:
    """Ask the agent; colour it as for this process's output."""
    colour = os.isatty(1) and not os.environ.get("NO_COLOR")
    return hand_over(arguments, os.environ, colour=colour)


def pass_on(answer: Answer) -> int:
    """Print what the agent would have printed here, and return its exit code."""
    if answer.stdout:
        show(answer.stdout, end="")
    if answer.stderr:
        from cloudfail.cli import messages

        for line in answer.stderr.splitlines():
            own, _, sentence = line.partition("cloudfail: ")
            if own or not sentence:
                messages.listed(line)
            else:
                messages.say(sentence)
    return answer.exit_code


def order(arguments: Sequence[str]) -> int:
    """Do what only the agent can; return its exit code.

    Raises RefusedError when it declines, UnreachableError when there is none.
    """
    told = ask(arguments)
    if isinstance(told, Answer):
        return pass_on(told)
    from cloudfail.errors import RefusedError, UnreachableError

    if told.is_declined:
        raise RefusedError(f"the agent declines: {told}")
    if told.is_sent:
        raise UnreachableError(
            f"{told}; it may do what it was asked for all the same: look at `cloudfail status`, and "
            "at `systemctl status cloudfail-agent`"
        )
    raise UnreachableError(
        f"no agent to ask: {told}; start it (systemctl start cloudfail-agent), ask as root, or name "
        "its socket in CLOUDFAIL_AGENT_SOCKET"
    )
