"""A pair with agents for a long time, under whatever befalls such a pair; memory and files sampled.

`python -m agent.real.soak MINUTES [SEED]` prints a JSON line every half a minute and a summary at
the end. It exits 1 when the pair did not settle after a deed, or an agent grew.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
from cloudfail.clock import SystemClock
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.stage import Unmet

from agent.real.session import At, enter, opened, pair, say

_EVERY = 30.0  # seconds between samples
_SETTLED = 15.0
_GROWTH_KIB = 4096
_MORE_FILES = 4  # connections to the API that are open or closed at the moment


class Sample(msgspec.Struct, frozen=True):
    """`seconds` since the start; by node: resident memory, open files, threads of its agent."""

    seconds: float
    transitions: int
    kib: Mapping[str, int]
    files: Mapping[str, int]
    threads: Mapping[str, int]


class Summary(msgspec.Struct, frozen=True):
    """`first` is the sample after a tenth of the time: what is loaded on demand is there by then."""

    minutes: float
    deeds: Mapping[str, int]
    transitions: int
    api_calls: int
    api_writes: int
    first: Sample
    last: Sample
    reasons: Sequence[str]


def _stop(at: At, master: str, other: str) -> None:
    at.site.stop_vrrp(master)
    at.require_master(other)
    at.site.start_vrrp(master)


def _kill(at: At, master: str, other: str) -> None:
    at.site.kill_vrrp(master)
    at.require_master(other)
    at.site.start_vrrp(master)


def _heal(at: At, master: str, other: str) -> None:
    at.site.part("a", "b")
    at.require_master(other)
    at.pause(random.uniform(0, 1.5))
    at.site.join("a", "b")
    del master


def _one_way(at: At, master: str, other: str) -> None:
    """One is told of lower adverts, once an interval."""
    at.site.part(master, other, one_way=True)
    at.require_master(other)
    at.pause(1)
    at.site.join("a", "b")


def _reload(at: At, master: str, other: str) -> None:
    for node in (master, other):
        at.real.machines[node].keepalived.reload()
        os.kill(at.pid(node), signal.SIGHUP)
    at.pause(1)


def _freeze(at: At, master: str, other: str) -> None:
    at.site.freeze(master)
    at.require_master(other)
    at.site.thaw(master)


def _drift(at: At, master: str, other: str) -> None:
    at.run_alone(other, "cloudfail", "promote", "--instance", "edge", "--force")
    del master


def _outage(at: At, master: str, other: str) -> None:
    at.faults(Faults(down=True))
    at.site.stop_vrrp(master)
    at.require_master(other)
    at.pause(1)
    at.faults()
    at.site.start_vrrp(master)


DEEDS: Mapping[str, Callable[[At, str, str], None]] = {
    "keepalived stopped": _stop,
    "keepalived killed": _kill,
    "partition": _heal,
    "one-way partition": _one_way,
    "reload": _reload,
    "frozen": _freeze,
    "address taken": _drift,
    "API down": _outage,
}


class Soak:
    """`random` decides what befalls the pair, so that a seed says it all."""

    def __init__(self, at: At, minutes: float) -> None:
        self.at = at
        self._began = at.now
        self._minutes = minutes
        self._deeds: Counter[str] = Counter()
        self._samples: list[Sample] = []

    def run(self) -> Summary:
        try:
            while self._elapsed < 60 * self._minutes:
                self._once()
                if not self._samples or self._elapsed > self._samples[-1].seconds + _EVERY:
                    self._samples.append(self._sample())
                    say(self._samples[-1])
            self.at.close()
        except Unmet as unmet:
            self.at.reasons.append(str(unmet))
        self._samples.append(self._sample())
        return self._summary()

    @property
    def _elapsed(self) -> float:
        return self.at.now - self._began

    def _once(self) -> None:
        at = self.at
        name = random.choice(list(DEEDS))
        master = at.holder
        at.note(f"deed: {name}", master)
        DEEDS[name](at, master, "a" if master == "b" else "b")
        self._deeds[name] += 1
        at.require_settled(_SETTLED)
        at.calm()
        at.require_warm()
        at.pause(random.uniform(0, 0.5))

    def _sample(self) -> Sample:
        pids = {node: self.at.pid(node) for node in self.at.topology.names}
        return Sample(
            seconds=round(self._elapsed, 1),
            transitions=sum(
                event.detail in {"MASTER", "BACKUP", "FAULT", "STOP"}
                for event in self.at.site.timeline.events()
            ),
            kib={node: _status(pid, "VmRSS") for node, pid in pids.items()},
            files={
                node: len(list(Path(f"/proc/{pid}/fd").iterdir())) for node, pid in pids.items()
            },
            threads={node: _status(pid, "Threads") for node, pid in pids.items()},
        )

    def _summary(self) -> Summary:
        late = [one for one in self._samples if one.seconds >= 6 * self._minutes]
        first, last = (late or self._samples)[0], self._samples[-1]
        for node in last.kib:
            grown, more = last.kib[node] - first.kib[node], last.files[node] - first.files[node]
            self.at.expect(grown <= _GROWTH_KIB, f"the agent of {node} grew by {grown} KiB")
            self.at.expect(more <= _MORE_FILES, f"{more} more files are open at {node}")
        calls = self.at.site.calls()
        return Summary(
            minutes=round(self._elapsed / 60, 1),
            deeds=dict(self._deeds),
            transitions=last.transitions,
            api_calls=len(calls),
            api_writes=sum(call.mutating for call in calls),
            first=first,
            last=last,
            reasons=tuple(self.at.reasons),
        )


def _status(pid: int, key: str) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition(f"{key}:")[2].split()[0])


def main(words: list[str]) -> int:
    if (code := enter("agent.real.soak", words)) is not None:
        return code
    minutes, seed = float(words[0]), words[1] if len(words) > 1 else "1"
    random.seed(seed)
    with opened(pair()) as site:
        at = At(site, SystemClock())
        at.start()
        summary = Soak(at, minutes).run()
        say(summary)
        if summary.reasons:
            sys.stderr.writelines(
                f"{e.t:.3f} {e.node} {e.text}\n" for e in site.timeline.events()[-100:]
            )
    return int(bool(summary.reasons))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
