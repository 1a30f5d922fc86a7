"""What the agent answers to `pause`, `resume`, `reload` and `handover`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from cloudfail.agent.control.framing import DeclinedError
from cloudfail.cli.answer_scope import Asked
from cloudfail.cli.document import document, print_document
from cloudfail.cli.output import show
from cloudfail.config import choose
from cloudfail.errors import ConfigError

T = TypeVar("T")


async def pause(asked: Asked) -> int:
    names, peer = _instances(asked), asked.request.peer
    who = f"{peer.name} (process {peer.pid})" if peer.pid else peer.name
    await _outcome(asked.commands.pause(names, who, asked.args.why or ""))
    # One that was paused before is so still by whoever did it, and why.
    known = {one.name: one.paused for one in asked.commands.view().instances}
    each = "; ".join(f"{name} is {known.get(name) or f'paused by {who}'}" for name in names)
    return _tell(asked, names, f"{each}; nothing is moved or repaired until `cloudfail resume`")


async def resume(asked: Asked) -> int:
    names = _instances(asked)
    await _outcome(asked.commands.resume(names))
    return _tell(asked, names, f"{', '.join(names)}: resumed; the agent looks now")


async def reload(asked: Asked) -> int:
    """Raises ConfigError with what is wrong with the file."""
    wrong = await _outcome(asked.commands.reload())
    if wrong:
        raise ConfigError(wrong)
    return _tell(asked, (), f"the agent goes by {asked.commands.config.path} as it is now")


async def handover(asked: Asked) -> int:
    try:
        name = asked.instance().name
    except DeclinedError as error:
        raise ConfigError(str(error)) from error
    text = await _outcome(asked.commands.handover(name))
    return _tell(asked, (name,), text)


async def _outcome(future: Future[T]) -> T:
    """Wait for it. Whoever asked may leave: what was begun goes on to its end."""
    return await asyncio.shield(asyncio.wrap_future(future))


def _instances(asked: Asked) -> tuple[str, ...]:
    """Return those that are named, else all. Raises ConfigError for one that the agent has not."""
    config = asked.commands.config
    for name in asked.args.instance:
        if name not in config.instances:
            choose(config, name)
    return tuple(asked.args.instance or config.instances)


def _tell(asked: Asked, names: Sequence[str], text: str) -> int:
    if asked.as_json:
        fields: dict[str, Any] = {"instances": list(names), "message": text, "exit_code": 0}
        print_document(document(asked.args.command, changed=True, **fields))
    else:
        show(text)
    return 0
