"""The one line of the README, as it stands."""

from __future__ import annotations

from cloudfail.lab.scenario import Scenario
from cloudfail.lab.stage import Stage
from cloudfail.lab.topology import Topology


def bare_line(stage: Stage) -> None:
    """`notify_master "cloudfail promote --provider NAME"` and nothing else.

    A bare name on keepalived's PATH, script security on, a virtual environment behind a link, no
    instance named, no terminal, umask 0177, another user's HOME.
    """
    stage.start()
    stage.fault("a dies: SIGSTOP, then SIGKILL, so that no last advert escapes", "a")
    stage.site.kill("a")
    stage.require_master("b")
    stage.require_holder("b")


BARE_LINE = Scenario(
    "bare-line",
    'notify_master "cloudfail promote --provider NAME" works as it stands.',
    bare_line,
    Topology(bare=True),
)
