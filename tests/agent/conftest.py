"""What tests with a whole agent stand on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.stage import Stage, small_world
from bench.stage import stage as cloud_stage


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with cloud_stage(small_world(), tmp_path_factory.mktemp("cloud")) as made:
        yield made
