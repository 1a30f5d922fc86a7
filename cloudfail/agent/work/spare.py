"""The journal of the next run, with its thread started: nobody waits for that when a run begins."""

from __future__ import annotations

from cloudfail.journal import FileJournal
from cloudfail.target import Target


class Spare:
    """Used by one thread."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._journal: FileJournal | None = None

    def prepare(self) -> None:
        """Have a journal for the next run."""
        if self._journal is None:
            self._journal = self._new()

    def take(self, run_id: str, generation: int) -> FileJournal:
        """Return it; whoever takes it closes it."""
        journal, self._journal = self._journal or self._new(), None
        journal.begin(run_id, generation)
        return journal

    def close(self) -> None:
        """There is no next run."""
        if self._journal is not None:
            self._journal.close()

    def _new(self) -> FileJournal:
        settings = self._target.config.journal
        return FileJournal(
            settings.path,
            run_id="",
            instance=self._target.instance.name,
            generation=0,
            node=self._target.node_name,
            max_bytes=settings.max_bytes,
            keep=settings.keep,
        )
