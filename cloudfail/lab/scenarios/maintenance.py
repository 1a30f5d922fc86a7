"""What the cloud announces becomes a handover; the only living node stays."""

from __future__ import annotations

from cloudfail.lab.cloud.notices import Notice
from cloudfail.lab.scenario import Scenario
from cloudfail.lab.stage import Stage
from cloudfail.lab.timeline import Kind
from cloudfail.lab.topology import Topology

_POLL = 5.0  # seconds in which an agent has seen what is announced: it looks each second
_SILENCE = 3  # intervals, after which a backup takes over that heard no farewell


def maintenance(stage: Stage) -> None:
    stage.start()
    stage.announce("b")
    stage.expect(stage.wait(lambda: is_seen(stage, "b"), _POLL), "the agent of b never saw it")
    stage.expect_stays("a", stage.interval)
    stage.site.control.withdraw("b")
    stage.announce("a")
    handed_over(stage, "a", "b")
    stage.require_backup("a")
    stage.fault("b dies, while a's maintenance is still announced", "b")
    stage.site.kill("b")
    stage.require_master("a")
    stage.require_holder("a")
    stage.expect_stays("a", stage.watch)
    stage.site.control.withdraw("a")
    stage.expect(stage.wait(lambda: not notes(stage, "a"), _POLL), "a never saw that it is over")
    stage.announce("a")
    stage.expect(became(stage, "a", "FAULT", _POLL), "a never tried to hand over")
    stage.expect(became(stage, "a", "MASTER", 2 * stage.detection), "a never took the role back")
    stage.expect(stage.holder == "a", "the address left a")


def preempt(stage: Stage) -> None:
    stage.start()
    stage.announce("a")
    handed_over(stage, "a", "b")
    stage.expect_stays("b", stage.detection + stage.watch)
    stage.fault("a's maintenance is over", "a")
    stage.site.control.withdraw("a")
    stage.require_master("a")
    stage.require_holder("a")
    stage.require_backup("b")
    stage.calm()
    stage.announce("a")
    handed_over(stage, "a", "b")
    stage.fault("b dies, while a stays in FAULT", "b")
    stage.site.kill("b")
    stage.expect(became(stage, "a", "BACKUP", stage.detection), "a stayed in FAULT")
    stage.require_master("a")
    stage.require_holder("a")


def handed_over(stage: Stage, node: str, peer: str) -> None:
    """Wait until the peer has it all; expect that it was told by a farewell, and not by silence."""
    stage.require_master(peer)
    stage.require_holder(peer)
    seen = announced(stage, node).seen
    told = max(
        event.t
        for event in stage.site.timeline.events()
        if (event.kind, event.node, event.detail) == (Kind.VRRP, peer, "MASTER")
    )
    stage.note(
        f"{peer} is master {(told - seen) * 1000:.0f} ms after the poll of {node} that saw it"
    )
    stage.expect(told - seen < _SILENCE * stage.interval, f"{peer} took over after a silence")
    if stage.terrain.waits:
        done = stage.wait(lambda: announced(stage, node).acknowledged > 0, _POLL)
        stage.expect(done, f"{node} never acknowledged it")
        held = max(event.t for event in stage.site.timeline.events() if event.kind is Kind.HOLDER)
        stage.expect(announced(stage, node).acknowledged > held, "acknowledged before it was held")
    stage.expect(bool(notes(stage, node)), f"the status of {node} does not show it")


def became(stage: Stage, node: str, role: str, seconds: float) -> bool:
    return stage.wait(lambda: stage.site.timeline.role(node) == role, seconds)


def announced(stage: Stage, node: str) -> Notice:
    return next(notice for notice in stage.site.control.announced() if notice.node == node)


def is_seen(stage: Stage, node: str) -> bool:
    return announced(stage, node).seen > 0 and bool(notes(stage, node))


def notes(stage: Stage, node: str) -> list[object]:
    """Return what the agent of the node says is announced to it."""
    status = stage.site.agent_of(node) or {}
    return list(((status.get("agent") or {}).get("maintenance") or {}).get("notices", ()))


MAINTENANCE = Scenario(
    "maintenance",
    "The cloud announces maintenance: the peer takes over before it begins.",
    maintenance,
    Topology(notices=True),
    needs_agent=True,
)
MAINTENANCE_PREEMPT = Scenario(
    "maintenance-preempt",
    "A node that preempts does not take back before its maintenance.",
    preempt,
    Topology(notices=True, preempt=True),
    needs_agent=True,
)
