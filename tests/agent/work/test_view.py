"""What a worker shows of its instance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cloudfail.errors import DeniedError
from cloudfail.role import Role
from cloudfail.testing.cloud import UNDONE

from agent.work.bench import ADDRESS, SlowCloud, bench, eventually


def test_the_network_device_is_shown(tmp_path: Path) -> None:
    """It is the label `intf`, by which the keepalived exporters are joined."""
    with bench(tmp_path, start=False) as one:
        assert one.worker.view().device == "eth0"


def test_a_failover_that_failed_whole_is_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the one before, which went well."""

    def observe(self: SlowCloud, claims: Any) -> Any:
        raise DeniedError("ec2:DescribeAddresses is not allowed")

    with bench(tmp_path) as one:
        one.become(Role.MASTER)
        assert eventually(one.holds)
        one.become(Role.BACKUP)
        monkeypatch.setattr(SlowCloud, "observe", observe)
        assert eventually(lambda: bool(one.worker.look_problem))
        one.become(Role.MASTER)

        def shown() -> list[tuple[str, int]]:
            runs = (one.worker.view().last_failover, one.worker.view().last_run)
            return [(run.result, run.generation) for run in runs if run is not None]

        # The board is written after the observers were told.
        assert eventually(lambda: shown() == [("failed", one.role.now.generation)] * 2)


def test_what_a_run_has_mended_is_told_of_no_more(tmp_path: Path) -> None:
    with bench(tmp_path, held={ADDRESS: "a"}, reconcile=60.0, standby=60.0) as one:
        one.cloud.undone.add(ADDRESS)

        def shown() -> list[tuple[str, str]]:
            return [(claim.owner, claim.reason) for claim in one.worker.view().claims]

        one.worker.look_soon()
        assert eventually(lambda: shown() == [("peer", UNDONE)])
        one.become(Role.MASTER)
        assert eventually(lambda: shown() == [("mine", "")])
        assert one.writes == 1
