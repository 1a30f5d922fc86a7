"""Start the agent: what it needs to hear keepalived is imported, and nothing of a cloud."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from cloudfail.agent.agent import Agent, AnswerFactory
from cloudfail.config import load


def run(path: Path, environ: Mapping[str, str], node: str, answers: AnswerFactory) -> int:
    """Serve until SIGTERM; returns the exit code. Raises ConfigError for what it cannot start with.

    Ends the process itself once it has served: a thread that is in a request to the cloud then
    would hold it up for seconds.
    """
    config = load(path, environ)
    code = asyncio.run(_serve(Agent(path, config, environ, node, answers)))
    os._exit(code)


async def _serve(agent: Agent) -> int:
    return await agent.serve()
