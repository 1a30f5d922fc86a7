"""Operations that end when somebody waits for them, however long everything else takes."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp

from lab_cloud.together import ENDLESS, end_operations

__all__ = ["ENDLESS", "end_when_waited_for"]


def end_when_waited_for(
    cloud: EmbeddedGcp, monkeypatch: pytest.MonkeyPatch, *, times: int = 1
) -> None:
    """Let all that is under way end when a `wait` comes for the n-th time, and later ones."""
    operations, count = cloud.api.operations, itertools.count(1)
    wait = operations.wait

    def ending(path: str, seconds: float) -> Any:
        if next(count) >= times:
            end_operations(cloud)
        return wait(path, seconds)

    monkeypatch.setattr(operations, "wait", ending)
