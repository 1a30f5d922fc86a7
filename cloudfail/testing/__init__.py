"""For tests of cloudfail and of provider plugins: a cloud, a clock, a journal, the conformance suite."""

from cloudfail.testing.clock import FakeClock
from cloudfail.testing.cloud import FakeCloud
from cloudfail.testing.faults import Crash, Fault
from cloudfail.testing.journal import ListJournal
from cloudfail.testing.runs import ready_run
from cloudfail.testing.world import FakeWorld

__all__ = ["Crash", "FakeClock", "FakeCloud", "FakeWorld", "Fault", "ListJournal", "ready_run"]
