"""A memory that outlives its process: what a crash in the middle of a move would lose."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from pathlib import Path

import msgspec

from cloudfail.model import Claim
from cloudfail.role.directory import StateDirectory, file_name

_Facts = dict[str, str]


class LastingMemory:
    """Remembers in files of the state directory, one a claim: they outlive the process.

    Written only when something changed. A directory that cannot be used costs only that: what was
    kept is then known for as long as this process lives. Safe between threads.
    """

    def __init__(self, directory: Path, provider: str) -> None:
        self._files = StateDirectory(directory)
        self._provider = provider
        self._known: dict[str, _Facts] = {}
        self._lock = threading.Lock()

    def recall(self, claim: Claim) -> Mapping[str, str]:
        with self._lock:
            return self._recall(claim)

    def keep(self, claim: Claim, facts: Mapping[str, str]) -> None:
        with self._lock:
            if self._recall(claim) == dict(facts):
                return
            self._known[str(claim)] = dict(facts)
            with contextlib.suppress(OSError):
                self._files.replace(self._name(claim), msgspec.json.encode(facts))

    def _recall(self, claim: Claim) -> _Facts:
        """Read it anew: another process of this node may know better."""
        with contextlib.suppress(OSError, msgspec.DecodeError):
            text = self._files.read(self._name(claim))
            self._known[str(claim)] = msgspec.json.decode(text, type=_Facts)
        return self._known.get(str(claim), {})

    def _name(self, claim: Claim) -> str:
        return f"{file_name(f'{self._provider} {claim}')}.facts"
