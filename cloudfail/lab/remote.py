"""How `lab kill`, `lab exec` and the others reach a lab that runs in the background."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from cloudfail.errors import CloudfailError, UnreachableError, UsageError

_MOST = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


class Request(msgspec.Struct, frozen=True):
    """`streams` says that three descriptors come along: the command's standard streams."""

    deed: str
    nodes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    streams: bool = False


class Answer(msgspec.Struct, frozen=True):
    """`code` is an exit code; with one, `text` says what went wrong."""

    text: str = ""
    code: int = 0
    data: Mapping[str, object] = {}


def directory(environ: Mapping[str, str] | None = None, uid: int | None = None) -> Path:
    """Return where this user's labs have their sockets; made, and nobody else's."""
    environ = os.environ if environ is None else environ
    uid = os.getuid() if uid is None else uid
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    base = Path("/run") if uid == 0 else Path(runtime) if runtime else Path("/tmp")  # noqa: S108
    path = base / ("cloudfail-lab" if uid == 0 or runtime else f"cloudfail-lab-{uid}")
    path.mkdir(mode=0o700, exist_ok=True)
    status = path.lstat()
    if status.st_uid != uid or status.st_mode & 0o077 or path.is_symlink():
        raise UsageError(f"{path} is not this user's alone; remove it, and try again")
    return path


def socket_path(name: str, base: Path) -> Path:
    if not _NAME.fullmatch(name):
        raise UsageError(f"--name {name}: letters, digits, - and _ only, at most 32")
    return base / f"{name}.sock"


def ask(path: Path, request: Request, streams: Sequence[int] = (), seconds: float = 60) -> Answer:
    """Send a request and wait for its answer. Raises UnreachableError when no lab runs there."""
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as line:
        line.settimeout(seconds if not streams else None)
        try:
            line.connect(str(path))
            socket.send_fds(line, [msgspec.json.encode(request) + b"\n"], list(streams))
            text = _read(line)
        except OSError as exc:
            raise UnreachableError(
                f"no lab {path.stem!r} runs here ({exc.strerror or exc}); start it with "
                "`cloudfail lab up`"
            ) from exc
    if not text:
        raise CloudfailError(f"lab {path.stem!r} ended before it answered")
    return msgspec.json.decode(text, type=Answer)


@contextlib.contextmanager
def the_only_one(path: Path) -> Iterator[None]:
    """Hold the name of a lab for as long as this process lives; UsageError when it is taken."""
    lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise UsageError(
                f"a lab {path.stem!r} runs already; `cloudfail lab down` ends it"
            ) from exc
        yield
    finally:
        os.close(lock)


def has_ended(path: Path) -> bool:
    """Say whether the name is free."""
    try:
        with the_only_one(path):
            return True
    except UsageError:
        return False


def is_running(path: Path) -> bool:
    try:
        return ask(path, Request("ping"), seconds=5).code == 0
    except CloudfailError:
        return False


def _read(line: socket.socket) -> bytes:
    text = b""
    while chunk := line.recv(_MOST):
        text += chunk
    return text
