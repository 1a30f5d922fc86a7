"""Start the agent: what it needs to hear keepalived is imported, and nothing of a cloud."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from cloudfail.agent.agent import Agent, AnswerFactory
from cloudfail.agent.systemd import Systemd
from cloudfail.clock import SystemClock
from cloudfail.config import load
from cloudfail.errors import ConfigError

_REST = 2.0


def run(path: Path, environ: Mapping[str, str], node: str, answers: AnswerFactory) -> int:
    """Serve until SIGTERM; returns the exit code. Raises ConfigError for what it cannot start with.

    Ends the process itself once it has served: a thread that is in a request to the cloud then
    would hold it up for seconds.
    """
    try:
        config = load(path, environ)
        code = asyncio.run(_serve(Agent(path, config, environ, node, answers)))
    except ConfigError as error:
        _rest(Systemd(environ), str(error))
        raise
    os._exit(code)


def _rest(systemd: Systemd, why: str) -> None:
    """Take a break: systemd starts it again at once, and correcting it takes a person longer."""
    if systemd.is_there:
        systemd.status(why)
        SystemClock().sleep(_REST)


async def _serve(agent: Agent) -> int:
    return await agent.serve()
