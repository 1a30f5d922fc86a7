"""What the agent answers to `promote`, `demote` and `notify`."""

from __future__ import annotations

import asyncio
from typing import Any

from cloudfail.agent.control.framing import DeclinedError
from cloudfail.cli import notify
from cloudfail.cli.answer_looks import plan
from cloudfail.cli.answer_scope import Asked
from cloudfail.cli.awaiting import awaited
from cloudfail.cli.document import document, print_document
from cloudfail.cli.output import show
from cloudfail.cli.promote import check_flags, order_of
from cloudfail.cli.recording import recorded_text
from cloudfail.cli.result import tell
from cloudfail.errors import RefusedError, UsageError
from cloudfail.keepalived.notify import Kind
from cloudfail.outcome import Ended, Order
from cloudfail.role import Role
from cloudfail.target import Target

# keepalived writes the line into its FIFO and starts the script at the same time.
_FIFO_WAITS, _FIFO_WAIT = 10, 0.02


async def promote(asked: Asked) -> int:
    """Look now, or join the look under way.

    Nothing tells what keepalived starts from what a person types; only what is forced or was
    reviewed is a person's for certain.
    """
    try:
        check_flags(asked.args)
    except UsageError as error:
        raise DeclinedError(str(error)) from error
    if asked.args.dry_run:
        return await plan(asked)
    target = asked.target()
    if not target.instance.claims:
        raise DeclinedError(f"{target.instance.name} claims nothing")
    order = order_of(asked.args)
    if order == Order():
        return await _hasten(asked, target, lower_advert=False)
    future = asked.commands.promote(target.instance.name, order)
    ended = await awaited(future, asked.args.deadline, target.deadline)
    return tell("promote", target, ended, as_json=asked.as_json)


async def demote(asked: Asked) -> int:
    """Raises RefusedError where the role is MASTER all the same: nothing is stopped then."""
    name, role = asked.instance().name, Role.BACKUP
    word = await _take(asked, role)
    if word:
        raise RefusedError(
            f"{name}: keepalived's FIFO and the wire say {word}, and the agent goes by them: nothing "
            f"was stopped; `cloudfail handover --instance {name}` gives the role to a peer, "
            f"`cloudfail pause --instance {name}` stops the agent"
        )
    return _tell_role(asked, name, role, recorded_text(name, role))


async def notice(asked: Asked) -> int:
    try:
        told = notify.notice_of(asked.args)
    except UsageError as error:
        raise DeclinedError(str(error)) from error
    if told is not None and told.kind is Kind.GROUP:
        return notify.ignore(asked.args, told.name)
    if told is None or told.role is Role.MASTER:
        return await _hasten(asked, asked.target(), lower_advert=told is None)
    name = asked.instance().name
    word = await _take(asked, told.role)
    text = f"{name}: {told.role} was told, but FIFO and wire say {word}; the agent goes by them"
    return _tell_role(asked, name, told.role, text if word else recorded_text(name, told.role))


async def _hasten(asked: Asked, target: Target, *, lower_advert: bool) -> int:
    name = target.instance.name
    future = asked.commands.hasten(asked.event(Role.MASTER), again=lower_advert)
    ended = await awaited(future, asked.args.deadline, target.deadline)
    if not target.instance.claims:
        text = f"{name}: role MASTER recorded; it claims nothing in the cloud"
        return _tell_role(asked, name, Role.MASTER, text)
    if ended is None:
        ended = Ended("", asked.view().standing.generation, None)
    return tell(asked.args.command, target, ended, as_json=asked.as_json)


async def _take(asked: Asked, role: Role) -> str:
    """Tell the role; return what the role is when it stays MASTER all the same."""
    await awaited(asked.commands.hasten(asked.event(role), again=False), None, 1.0)
    for _ in range(_FIFO_WAITS):
        if asked.view().standing.role is not Role.MASTER:
            return ""
        await asyncio.sleep(_FIFO_WAIT)
    return asked.view().standing.word


def _tell_role(asked: Asked, instance: str, role: Role, text: str) -> int:
    if asked.as_json:
        told: dict[str, Any] = {
            "role": role.value,
            "generation": asked.view().standing.generation,
            "run_id": "",
            "message": text,
        }
        print_document(document(asked.args.command, instance=instance, **told, exit_code=0))
    else:
        show(text)
    return 0
