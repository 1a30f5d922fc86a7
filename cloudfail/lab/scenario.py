"""What a scenario is: a name, a sentence, a topology, and what is played on it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from cloudfail.lab.stage import Stage
from cloudfail.lab.topology import Topology


class Scenario(msgspec.Struct, frozen=True):
    """`play` starts with `stage.start()`; what it expects beyond the common end, it says itself.

    `claim`: the one kind that it is about; "": any kind will do. `needs_agent`: it is about the
    agent, and can be played with nothing else.
    """

    name: str
    summary: str
    play: Callable[[Stage], None]
    topology: Topology = Topology()
    claim: str = ""
    needs_agent: bool = False
