"""The log of the agent: one line a fact."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Protocol

import msgspec

from cloudfail.agent.log_lines import Level, render
from cloudfail.agent.role.standing import Standing
from cloudfail.agent.sink import StandardError, Syslog
from cloudfail.agent.view import Phases, Ran
from cloudfail.logfmt import is_journal
from cloudfail.provider import ApiCall

_SYSLOG = Path("/dev/log")  # syslog(3)
_CLIENT_ERROR = 400
_PRECONDITION_FAILED = 412
# Words of `noted` that somebody should look at; all others are only told.
WARNINGS = frozenset(
    {"alarm", "problem", "late", "frozen", "refused", "rejected", "dropped", "lost", "failed"}
)
_LEVELS = {"failed": Level.ERROR, "superseded": Level.NOTICE}


class Sink(Protocol):
    """Where lines go. Neither method blocks for long, or raises.

    `longest` is how many characters stay in one piece.
    """

    has_clock: bool
    longest: int

    def put(self, level: Level, text: str) -> None: ...

    def flush(self, seconds: float) -> bool: ...


def sink_for(target: str, format_: str = "logfmt") -> Sink:
    """Return the sink of [agent] log_target.

    auto: standard error when systemd's journal or a person reads it, or when nobody reads syslog,
    as in a container; else syslog.
    """
    under_journal = is_journal()
    is_read = under_journal or sys.stderr.isatty() or not _SYSLOG.exists()
    if target == "stderr" or (target == "auto" and is_read):
        return StandardError(under_journal=under_journal, format_=format_)
    return Syslog()


class Log:
    """The observer that writes. `format_` is logfmt or json.

    Looks at the cloud that succeed are not written: one every few seconds, for ever; metrics
    count them. A doubt whose wording alone changes is written once.
    """

    def __init__(self, format_: str, sink: Sink) -> None:
        self._format = format_
        self._sink = sink

    def called(self, instance: str, call: ApiCall) -> None:
        # EC2 answers so to the trial (DryRun) of a call that would have succeeded.
        passed = call.status == _PRECONDITION_FAILED and not call.mutating
        failed = call.status == 0 or (call.status >= _CLIENT_ERROR and not passed)
        if not (failed or call.mutating):
            return
        fields = msgspec.to_builtins(call)
        fields["seconds"] = round(call.seconds, 3)
        level = Level.WARNING if failed else Level.INFO
        self._put(level, "call", instance, fields)

    def ran(self, instance: str, ran: Ran) -> None:
        fields = {
            "why": ran.why,
            "result": ran.result,
            "generation": ran.generation,
            "run_id": ran.run_id,
            **_seconds(ran.phases),
            "prepared": "yes" if ran.prepared else "no",
            "error": ran.error,
        }
        self._put(_LEVELS.get(ran.result, Level.INFO), "ran", instance, fields)

    def changed(self, instance: str, before: Standing, after: Standing) -> None:
        if (before.word, before.generation) == (after.word, after.generation):
            return
        fields = {
            "before": before.word,
            "now": after.word,
            "generation": after.generation,
            "priority": after.priority or None,
            "doubt": after.doubt,
        }
        level = Level.WARNING if after.word == "doubtful" else Level.NOTICE
        self._put(level, "role", instance, fields)

    def noted(self, event: str, instance: str = "", text: str = "") -> None:
        level = Level.WARNING if event in WARNINGS else Level.INFO
        self._put(level, event, instance, {"text": text})

    def flush(self, seconds: float = 0.2) -> bool:
        """Wait, at most this long, until everything so far is written."""
        return self._sink.flush(seconds)

    def _put(self, level: Level, event: str, instance: str, fields: dict[str, Any]) -> None:
        line = {"event": event, "instance": instance, **fields}
        sink = self._sink
        text = render(self._format, level, line, has_clock=sink.has_clock, longest=sink.longest)
        sink.put(level, text)


def _seconds(phases: Phases) -> dict[str, float]:
    times = {name: getattr(phases, name) for name in phases.__struct_fields__}
    return {name: round(value, 4) for name, value in {**times, "total": phases.total}.items()}
