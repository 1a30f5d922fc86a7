"""Many pairs of real keepalived at once, each pair in two network namespaces with a cable."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cloudfail import process

from keepalived.wire.nodes import PATH, pair

_STATE = re.compile(r"\((\w+)\) Entering (\w+) STATE")


@dataclass(frozen=True)
class Outcome:
    """What the two logged, and the last state of their instance; "" for none."""

    logs: tuple[str, ...]

    @property
    def log(self) -> str:
        return "\n".join(self.logs)

    @property
    def states(self) -> tuple[str, ...]:
        return tuple(([s for _, s in _STATE.findall(log)] or [""])[-1] for log in self.logs)

    @property
    def masters(self) -> int:
        return self.states.count("MASTER")


@contextmanager
def running(pairs: Mapping[str, Sequence[str]], home: Path) -> Iterator[Mapping[str, list[Path]]]:
    """Run both nodes of each pair; yields where they log."""
    started: list[process.Popen[bytes]] = []
    logs: dict[str, list[Path]] = {}
    with ExitStack() as stack:
        try:
            for name, texts in pairs.items():
                pids = pair(stack)
                own = [home / f"{name}-{number}" for number in range(len(texts))]
                logs[name] = [path.with_suffix(".log") for path in own]
                started += [_start(*one) for one in zip(pids, own, texts, strict=True)]
            yield logs
        finally:
            for one in started:
                one.send_signal(signal.SIGTERM)
            for one in started:
                one.wait(20)


def outcomes(logs: Mapping[str, Sequence[Path]]) -> Mapping[str, Outcome]:
    """Read what the pairs have done so far."""
    return {name: Outcome(tuple(p.read_text() for p in paths)) for name, paths in logs.items()}


def _start(pid: int, own: Path, text: str) -> process.Popen[bytes]:
    conf = own.with_suffix(".conf")
    conf.write_text(text)
    with own.with_suffix(".log").open("wb") as log:
        return process.Popen(
            [
                *("nsenter", f"--net=/proc/{pid}/ns/net", "keepalived", "-n", "-l", "-D", "-P"),
                *("-f", str(conf), "-p", f"{own}.pid"),
                *("-r", f"{own}.vrrp", "-c", f"{own}.check", "-b", f"{own}.bfd"),
            ],
            stdin=process.DEVNULL,
            stdout=log,
            stderr=process.STDOUT,
            env={**os.environ, "PATH": PATH},
        )
