"""iproute2 as a running process: one command costs a tenth of a millisecond, not a fork."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from cloudfail import process
from cloudfail.errors import CloudfailError


class Ip:
    """`ip -batch -`, kept open, in this process's network namespace.

    A command that fails is not fatal (`-force`): a link may have died with its node just now.
    """

    def __init__(self, prefix: Sequence[str] = ()) -> None:
        self._lock = threading.Lock()
        self._batch = process.Popen(
            [*prefix, "ip", "-force", "-batch", "-"],
            stdin=process.PIPE,
            stdout=process.DEVNULL,
            stderr=process.DEVNULL,
            text=True,
        )

    def __call__(self, *commands: str) -> None:
        """Hand the commands over in order; they take effect within about a millisecond."""
        assert self._batch.stdin is not None  # noqa: S101 - it was made with a pipe
        with self._lock:
            self._batch.stdin.write("".join(f"{command}\n" for command in commands))
            self._batch.stdin.flush()

    def close(self) -> None:
        assert self._batch.stdin is not None  # noqa: S101
        with self._lock:
            self._batch.stdin.close()
            self._batch.wait(timeout=10)


def apply(commands: Sequence[str], pid: int | None = None) -> None:
    """Run the commands in the network namespace of `pid` (None: this one's); all must work.

    Raises CloudfailError with what `ip` said.
    """
    prefix = [] if pid is None else ["nsenter", f"--net=/proc/{pid}/ns/net"]
    done = process.run(
        [*prefix, "ip", "-batch", "-"],
        input="".join(f"{command}\n" for command in commands),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    if done.returncode:
        raise CloudfailError(f"the lab's network could not be made: {done.stderr.strip()}")
