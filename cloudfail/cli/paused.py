"""A pause holds for every process of the node: the agent that was told of it may be down."""

from __future__ import annotations

import os
from pathlib import Path

from cloudfail.agent.pausing import Pauses
from cloudfail.cli import messages
from cloudfail.config.agent.paths import STATE_DIRECTORY
from cloudfail.errors import RefusedError
from cloudfail.target import Target


def pause_of(target: Target) -> str:
    """Say who paused it, and why; empty: nobody did.

    Where no agent is configured nothing is paused: nobody could resume it.
    """
    if not target.config.agent.enabled:
        return ""
    pauses = Pauses(Path(os.environ.get("STATE_DIRECTORY") or STATE_DIRECTORY))
    if pauses.problem:
        messages.say(pauses.problem)
    return pauses.text(target.instance.name)


def refuse_if_paused(target: Target) -> None:
    """Raises RefusedError."""
    text = pause_of(target)
    if text:
        raise RefusedError(
            f"{target.instance.name} is {text}: nothing is moved; `cloudfail resume` (it needs the agent: "
            "`systemctl start cloudfail-agent`), or `cloudfail promote --force`"
        )
