"""Clouds in which only the lab makes anything say so."""

from __future__ import annotations

import pytest
from cloudfail.errors import UsageError
from cloudfail.lab.cloud.clouds import CLOUDS


@pytest.mark.parametrize("provider", ["gcp", "azure"])
def test_what_nobody_else_can_have_made_is_not_adopted(provider: str) -> None:
    cloud = CLOUDS[provider].load()()
    with pytest.raises(UsageError, match="`build` a world"):
        cloud.adopt({"a": "vm-a"})
    with pytest.raises(UsageError, match="`enforce_iam`"):
        cloud.enforce_attached_iam()
