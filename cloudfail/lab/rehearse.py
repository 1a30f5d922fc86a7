"""Play one scenario at one site, and judge it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from cloudfail.clock import Clock
from cloudfail.errors import CloudfailError
from cloudfail.lab.scenario import Scenario
from cloudfail.lab.site import Site
from cloudfail.lab.stage import Stage, Unmet
from cloudfail.lab.timeline import Kind
from cloudfail.lab.verdict import Figures, Record, figures

SCHEMA_VERSION = 1


class Result(msgspec.Struct, frozen=True):
    """What a rehearsal showed; `reasons` is empty exactly when it passed."""

    scenario: str
    provider: str
    simulated: bool
    reasons: tuple[str, ...]
    record: Record
    figures: Figures

    @property
    def passed(self) -> bool:
        return not self.reasons

    def document(self) -> Mapping[str, Any]:
        """Return the one JSON document of a run; times are milliseconds since the fault."""
        timeline = [
            {
                "t_ms": round((event.t - self.record.fault) * 1000, 1),
                "node": event.node,
                "event": event.text,
                "kind": event.kind.value,
                "detail": event.detail,
            }
            for event in self.record.events
        ]
        return {
            "schema_version": SCHEMA_VERSION,
            "scenario": self.scenario,
            "provider": self.provider,
            "simulated": self.simulated,
            "verdict": "pass" if self.passed else "fail",
            "reasons": list(self.reasons),
            **msgspec.to_builtins(self.figures),
            "target": self.record.target,
            "timeline": timeline,
        }


def rehearse(
    scenario: Scenario, site: Site, clock: Clock, latency_ms: float, on_end: Callable[[], None]
) -> Result:
    """Play the scenario; whatever goes wrong is a reason, not an exception.

    `on_end` is called when the last event is known, before the site is taken down. Raises
    CloudfailError when the site itself cannot be set up.
    """
    stage = Stage(site, clock, latency_ms)
    with _open(site):
        try:
            scenario.play(stage)
        except Unmet as unmet:
            stage.reasons.append(str(unmet))
        except CloudfailError as exc:
            stage.reasons.append(f"the lab could not go on: {exc}")
        else:
            stage.close()
        for reason in stage.reasons:
            site.timeline.add("", Kind.LAB, f"FAILED: {reason}")
        record = stage.record()
        on_end()
    return Result(
        scenario=scenario.name,
        provider=site.topology.provider,
        simulated=site.simulated,
        reasons=tuple(stage.reasons),
        record=record,
        figures=figures(record),
    )


@contextlib.contextmanager
def _open(site: Site) -> Iterator[None]:
    try:
        site.open()
        yield
    finally:
        site.close()
