"""A thread that ends when it is told to, and of nothing else."""

from __future__ import annotations

from collections.abc import Callable

from cloudfail.agent.work.around import Around
from cloudfail.agent.work.board import Board

_REST = 1.0


def serve(turn: Callable[[], bool], board: Board, around: Around) -> None:
    """Take turns until one says that it is over, or the board says stop.

    What a turn raises is a mistake of ours, or of a provider that went past every error there is:
    it is said, and the next turn follows a moment later.
    """
    while not board.stopping:
        try:
            if not turn():
                return
        except BaseException as error:  # noqa: BLE001  without this thread nothing is moved any more
            text = f"a mistake in the agent: {type(error).__name__}: {error}"
            with board.changed:
                around.alarm(board, "mistake", text)
                if not board.stopping:
                    board.changed.wait(_REST)
