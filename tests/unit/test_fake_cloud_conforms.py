"""The fake cloud keeps the contract that it helps to test."""

from __future__ import annotations

import pytest
from cloudfail.model import Node
from cloudfail.provider import ApiCall
from cloudfail.testing import FakeCloud
from cloudfail.testing.conformance import ConformanceSuite, Harness

from unit.fake_harness import FakeHarness


class Uncached(FakeCloud):
    """Asks the cloud each time who it is: slow, but not wrong."""

    def identify(self) -> Node:
        self.looks += 1
        self.setup.on_call(ApiCall(operation="WhoAmI", mutating=False, seconds=0.0, status=200))
        return super().identify()


class TestAtomic(ConformanceSuite):
    @pytest.fixture
    def harness(self) -> Harness:
        return FakeHarness()


class TestAtomicInBatches(ConformanceSuite):
    @pytest.fixture
    def harness(self) -> Harness:
        return FakeHarness(batch=True)


class TestReleaseFirst(ConformanceSuite):
    @pytest.fixture
    def harness(self) -> Harness:
        return FakeHarness(atomic=False)


class TestReleaseFirstInBatches(ConformanceSuite):
    @pytest.fixture
    def harness(self) -> Harness:
        return FakeHarness(atomic=False, batch=True)


class TestIdentifyUncached(ConformanceSuite):
    @pytest.fixture
    def harness(self) -> Harness:
        return FakeHarness(Uncached)
