"""Hand a command over to the agent: every import here is downtime of `promote`.

Nothing but a socket and JSON is imported. The agent is waited for only as long as it shows signs of
life; the caller then does the work itself.
"""

from __future__ import annotations

import _socket as socket  # what `socket` is made of, which takes half as long as all of Python's start
import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

DEFAULT_SOCKET = "/run/cloudfail/agent.sock"
VARIABLE = "CLOUDFAIL_AGENT_SOCKET"
REQUEST_BYTES = 64 * 1024
_CHUNK = 64 * 1024
# Each wait is made of short ones: of a machine that was frozen meanwhile only one of them is lost.
_WAITS = 5
_ACK_WAIT, _WAIT = 0.1, 1.0
_IS_SOCKET, _KIND = 0o140000, 0o170000
_OTHERS_WRITE = 0o002
_CREDENTIALS = 12  # struct ucred, socket(7): pid, uid, gid, each an int


class Answer:
    """What the command would have printed itself, and its exit code."""

    __slots__ = ("exit_code", "stderr", "stdout")

    def __init__(self, exit_code: int, stdout: str, stderr: str) -> None:
        self.exit_code, self.stdout, self.stderr = exit_code, stdout, stderr


class Unanswered(Exception):  # noqa: N818 - it is returned: the caller does the work then
    """Why there is no answer.

    `is_odd`: an agent is there, or was, and should have answered. `is_sent`: it may have begun.
    """

    def __init__(
        self,
        why: str,
        *,
        is_odd: bool = True,
        is_declined: bool = False,
        is_sent: bool = False,
    ) -> None:
        super().__init__(why)
        self.is_odd, self.is_declined, self.is_sent = is_odd, is_declined, is_sent


def socket_path(environ: Mapping[str, str]) -> str:
    """Say where the agent is asked. The configuration is not read for it: that takes too long."""
    return environ.get(VARIABLE) or DEFAULT_SOCKET


def hand_over(
    argv: Sequence[str], environ: Mapping[str, str], *, colour: bool = False
) -> Answer | Unanswered:
    """Ask the agent to run a command, and wait until it has.

    Raises nothing, whatever the agent is or does. It has to take the command within 0.5 s, and to
    say at least every 5 s that it is at work.
    """
    path = socket_path(environ)
    try:
        return _ask(path, _request(argv, environ, colour=colour))
    except Unanswered as unanswered:
        return unanswered
    except BlockingIOError:
        return Unanswered(f"{path}: more ask the agent at once than can wait for it")
    except OSError as error:
        absent = isinstance(error, FileNotFoundError | NotADirectoryError | PermissionError)
        return Unanswered(f"{path}: {error.strerror or error}", is_odd=not absent)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return Unanswered(f"{path}: the answer is none of an agent's")


def _request(argv: Sequence[str], environ: Mapping[str, str], *, colour: bool) -> bytes:
    ours = {name: text for name, text in environ.items() if name.startswith("CLOUDFAIL_")}
    cwd = os.getcwd()  # noqa: PTH109 - pathlib would be imported for this alone
    request = {"v": 1, "argv": [*argv], "environ": ours, "cwd": cwd, "colour": colour}
    line = json.dumps(request).encode() + b"\n"
    if len(line) > REQUEST_BYTES:
        raise Unanswered("the command is longer than 64 KiB", is_odd=False, is_declined=True)
    return line


def _ask(path: str, request: bytes) -> Answer:
    believed = _believed(path)
    asked = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        asked.settimeout(_ACK_WAIT)
        asked.connect(path)
        credentials = asked.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS)
        uid = int.from_bytes(credentials[4:8], sys.byteorder)
        if uid not in believed:
            raise Unanswered(f"{path} is user {uid}'s, who is not believed")
        asked.sendall(request)
        return _answer(asked, path)
    finally:
        asked.close()


def _believed(path: str) -> set[int]:
    """Return the users whose answer counts: root, and the owner of the socket's directory."""
    status = os.lstat(path)
    if status.st_mode & _KIND != _IS_SOCKET:
        raise Unanswered(f"{path} is no socket")
    if status.st_mode & _OTHERS_WRITE:
        raise Unanswered(f"{path} is open to everybody, and not believed: make it 0660")
    return {0, os.stat(os.path.dirname(path) or ".").st_uid}  # noqa: PTH116, PTH120


def _answer(asked: socket.socket, path: str) -> Answer:
    for line in _lines(asked, path):
        told = json.loads(line)
        if "decline" in told:
            raise Unanswered(str(told["decline"]), is_odd=False, is_declined=True)
        if "exit_code" in told:
            return Answer(int(told["exit_code"]), str(told["stdout"]), str(told["stderr"]))
    raise Unanswered(f"{path}: the agent ended before it answered", is_sent=True)


def _lines(asked: socket.socket, path: str) -> Iterator[bytes]:
    """Yield each line until the agent closes; raises Unanswered when it falls silent."""
    rest = b""
    while chunk := _receive(asked, path):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
        asked.settimeout(_WAIT)


def _receive(asked: socket.socket, path: str) -> bytes:
    for _ in range(_WAITS):
        try:
            return asked.recv(_CHUNK)
        except TimeoutError:
            continue
    silent = _WAITS * (asked.gettimeout() or 0.0)
    raise Unanswered(f"{path}: the agent has said nothing for {silent:g} s", is_sent=True)
