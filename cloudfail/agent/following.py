"""Services and hooks follow the role: the newest one, in a thread of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from cloudfail.agent.recording import Recorder
from cloudfail.clock import Clock
from cloudfail.config import Instance
from cloudfail.config.model import JournalSettings
from cloudfail.follow import Command, Followed, Following, Move, follow, run_command
from cloudfail.journal import FileJournal, Journal
from cloudfail.line import one_line
from cloudfail.role import Role
from cloudfail.run import new_run_id

# What systemd tells the agent is not meant for what the agent starts.
_OURS = ("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS")

OpenJournal = Callable[[Move], Journal]
Note = Callable[[str, str, str], None]


class Follower:
    """The services and hooks of one instance. `changed` and `held` return at once, in any thread.

    Every change goes on record at once, which also ends what an older role still does before its
    next command. Then, when the thread is free, the newest change is followed; older ones that
    had no turn are not. MASTER waits until `held` says that every claim of ours is: without, its
    services are not started. `note` takes an event, an instance and a sentence, as
    `Observer.noted` does.
    """

    def __init__(
        self,
        instance: Instance,
        directory: Path,
        recorder: Recorder,
        *,
        journal: OpenJournal,
        note: Note,
    ) -> None:
        self._instance, self._directory = instance, directory
        self._recorder, self._journal, self._note = recorder, journal, note
        self._something = threading.Condition()
        self._heard = 0  # the generation of the newest change, as `changed` was told
        self._recording = False  # the newest change is on its way to the record
        self._move: Move | None = None  # the newest change: on record, and not followed yet
        self._held = 0
        self._stopping = ""
        self._thread = threading.Thread(
            target=self._serve, name=f"cloudfail-follow-{instance.name}", daemon=True
        )
        self._thread.start()

    def changed(self, role: Role, generation: int) -> None:
        """The role is another one. `generation` is the standing's, and grows."""
        with self._something:
            if generation <= self._heard:
                return
            self._heard = generation
            self._move, self._recording = None, True
            # Within the lock, so that they go on record in this order.
            self._recorder.put(
                self._instance.name, role, lambda recorded: self._due(role, generation, recorded)
            )

    def held(self, generation: int) -> None:
        """A look that began in this generation has shown every claim of the instance to be ours."""
        with self._something:
            self._held = max(self._held, generation)
            self._something.notify_all()

    def configure(self, instance: Instance, journal: OpenJournal) -> None:
        """Follow this file from the next change on."""
        with self._something:
            self._instance, self._journal = instance, journal

    def stop(self, reason: str, seconds: float) -> bool:
        """Start nothing more, stop what is due to be stopped; say whether that was done in time.

        A command that still runs then is left to whoever ends this process. The recorder has to
        be stopped later than this.
        """
        with self._something:
            self._stopping = reason
            self._something.notify_all()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _due(self, role: Role, generation: int, recorded: int) -> None:
        with self._something:
            if generation == self._heard:
                self._recording = False
                self._move = Move(instance=self._instance.name, role=role, generation=recorded)
                self._something.notify_all()

    def _serve(self) -> None:
        while (due := self._next()) is not None:
            move, instance, journal = due
            if not instance.vrrp.is_followed(move.role):
                continue
            try:
                self._follow(move, instance, journal)
            except Exception as error:  # noqa: BLE001  the next role has to be followed all the same
                self._note("follow", move.instance, f"{type(error).__name__}: {error}")

    def _next(self) -> tuple[Move, Instance, OpenJournal] | None:
        """Wait for a change whose time has come; None when there is no more to do."""
        with self._something:
            while not self._is_due():
                if self._stopping and not self._recording:
                    return None
                self._something.wait()
            move, self._move = self._move, None
            return (move, self._instance, self._journal) if move is not None else None

    def _is_due(self) -> bool:
        move = self._move
        if move is None:
            return False
        if move.role is Role.MASTER:
            return self._held >= self._heard and not self._stopping
        return True

    def _follow(self, move: Move, instance: Instance, journal: OpenJournal) -> None:
        with closing(journal(move)) as lines:
            following = follow(
                move,
                instance.vrrp,
                self._directory,
                lines,
                stopped=lambda: self._stopping,
                run=_run,
            )
            if following.skipped:
                lines.write("superseded", role=move.role.value, error=following.skipped)
        self._tell(move, following)

    def _tell(self, move: Move, following: Following) -> None:
        for one in following.commands:
            text = f"{move.role}: {one.text}: {one.error or 'done'} ({one.seconds:.2f} s)"
            self._note(one.what, move.instance, one_line(text))
        if following.skipped:
            self._note("follow", move.instance, one_line(f"{move.role}: {following.skipped}"))


def journals(settings: JournalSettings, instance: str, node: str) -> OpenJournal:
    """Return what opens the journal for a change of role: a run of its own."""

    def opened(move: Move) -> Journal:
        return FileJournal(
            settings.path,
            run_id=new_run_id(),
            instance=instance,
            generation=move.generation,
            node=node,
            max_bytes=settings.max_bytes,
            keep=settings.keep,
        )

    return opened


def _run(command: Command, environ: Mapping[str, str], clock: Clock) -> Followed:
    mine = {name: value for name, value in environ.items() if name not in _OURS}
    return run_command(command, mine, clock)
