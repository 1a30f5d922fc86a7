"""The commands as the agent answers them: the same flags, the same words, the same exit codes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from cloudfail.agent.control.commands import Commands
from cloudfail.agent.control.framing import Answer, DeclinedError, Request
from cloudfail.cli import answer_looks, answer_orders, answer_runs
from cloudfail.cli.answer_scope import Asked, read
from cloudfail.cli.caller import CALLER, Caller
from cloudfail.cli.dispatch import module_of, report
from cloudfail.errors import CloudfailError
from cloudfail.role.event import start_time

_VERBS: dict[str, Callable[[Asked], Awaitable[int]]] = {
    "promote": answer_runs.promote,
    "demote": answer_runs.demote,
    "notify": answer_runs.notice,
    "plan": answer_looks.plan,
    "status": answer_looks.status,
    "pause": answer_orders.pause,
    "resume": answer_orders.resume,
    "reload": answer_orders.reload,
    "handover": answer_orders.handover,
}


def answering(commands: Commands) -> Callable[[Request], Awaitable[Answer]]:
    """Return what answers requests by these commands.

    It raises DeclinedError for what whoever asks has to do itself. Everything that it needs is
    imported when this returns: an import would stop the agent's loop.
    """
    for name in _VERBS:
        module_of(name)

    async def answer(request: Request) -> Answer:
        caller = Caller(colour=request.colour, started=start_time(request.peer.pid))
        token = CALLER.set(caller)
        try:
            code = await _run(commands, request)
        finally:
            CALLER.reset(token)
        return Answer(code, caller.shown, caller.said)

    return answer


async def _run(commands: Commands, request: Request) -> int:
    verb = _VERBS.get(request.argv[0]) if request.argv else None
    if verb is None:
        raise DeclinedError(f"the agent does not {' '.join(request.argv[:1]) or 'nothing'}")
    asked = read(commands, request)
    try:
        return await verb(asked)
    except CloudfailError as error:
        return report(list(request.argv), error)
