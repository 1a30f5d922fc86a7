"""Roles that keepalived has told, while the processes that are to record them still start.

On a busy machine that takes a second, or two. A run that lost its role meanwhile must not begin a
call in that time: the process that says so is there to be seen, a child of the same parent.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cloudfail.errors import SupersededError
from cloudfail.role import Event, Role, RoleCheck, RoleStore
from cloudfail.role.event import boot_id, started_at

_PROC = Path("/proc")
_INIT = 1  # whose children are anybody's
# keepalived.conf(5): INSTANCE name state priority, at the end.
_WORDS = 4
_LOST = {
    "BACKUP": Role.BACKUP,
    "FAULT": Role.FAULT,
    "STOP": Role.STOP,
    "DELETED": Role.STOP,
}
_DIRECTORY = "CLOUDFAIL_STATE_DIR"


def heeding_siblings(check: RoleCheck, store: RoleStore, event: Event) -> RoleCheck:
    """Make a check that also stops the run of a MASTER `event` once keepalived told its loss."""

    def still_ours(*, completes: bool = False) -> None:
        check(completes=completes)
        recorded = store.current(event.instance)
        for loss in losses_since(recorded.event if recorded is not None else event):
            if not completes or loss.role is Role.BACKUP:
                raise SupersededError(
                    f"{event.instance} is {loss.role}: process {loss.pid} was started to record "
                    "that; this run changes nothing more"
                )

    return still_ours


def losses_since(event: Event) -> Iterator[Event]:
    """Yield what younger siblings are to record of this instance, but for MASTER.

    Nothing of siblings that may not be read, or that record into another directory.
    """
    for pid in _siblings():
        role = _told(_strings(pid, "cmdline"), event.instance)
        if role is None or not _records_here(pid):
            continue
        started = started_at(pid)
        if started is None:
            continue  # it has ended, and recorded what it was to record
        loss = Event(event.instance, role, boot_id(), started, pid)
        if event.is_older_than(loss):
            yield loss


def _siblings() -> Iterator[int]:
    """Read proc(5)'s children of each of the parent's threads; the kernel may leave one out."""
    parent = os.getppid()
    if parent == _INIT:
        return
    with suppress(OSError):
        for thread in (_PROC / str(parent) / "task").iterdir():
            with suppress(OSError):
                yield from map(int, (thread / "children").read_text().split())


def _told(words: list[str], instance: str) -> Role | None:
    """Return the role that a `cloudfail notify` tells of the instance, if that is a loss."""
    if len(words) <= _WORDS or words[-_WORDS] != "INSTANCE" or "notify" not in words[:-_WORDS]:
        return None
    name = _flag(words[:-_WORDS], "--instance") or words[-_WORDS + 1]
    return _LOST.get(words[-_WORDS + 2]) if name == instance else None


def _flag(words: list[str], name: str) -> str:
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == name:
            return following
        if word.startswith(f"{name}="):
            return word.removeprefix(f"{name}=")
    return ""


def _records_here(pid: int) -> bool:
    """Tell whether it has our state directory: nodes of a lab are siblings as well."""
    environ = _strings(pid, "environ")
    return bool(environ) and _flag(environ, _DIRECTORY) == os.environ.get(_DIRECTORY, "")


def _strings(pid: int, file: str) -> list[str]:
    try:
        content = (_PROC / str(pid) / file).read_bytes()
    except OSError:
        return []
    return [os.fsdecode(part) for part in content.removesuffix(b"\0").split(b"\0")]
