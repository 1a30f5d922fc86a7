"""Whether a standby would take over is found out for whoever is one, and for a new worker anew."""

from __future__ import annotations

import threading
from itertools import repeat
from pathlib import Path

import pytest
from cloudfail.agent import readying
from cloudfail.agent.readying import Readying
from cloudfail.agent.work.worker import Worker
from cloudfail.role import Role
from cloudfail.testing import FakeClock, Fault

from agent.work.bench import ADDRESS, Bench, SlowCloud, bench, eventually


def asked(*, of: Worker) -> Readying:
    checks = Readying(lambda: {"edge": of}, FakeClock())
    checks.look()
    return checks


def answer(one: Bench) -> tuple[bool, str] | None:
    found = one.worker.view().readiness
    return None if found is None else (found.ready, " ".join(found.reasons))


def test_a_standby_that_has_a_plan_is_ready(tmp_path: Path) -> None:
    with bench(tmp_path) as one:
        assert eventually(lambda: one.worker.standby_plan is not None)
        asked(of=one.worker)
        assert answer(one) == (True, "")


def test_a_standby_that_cannot_look_is_not_ready(tmp_path: Path) -> None:
    with bench(tmp_path, reads=repeat(Fault.ERROR_BEFORE)) as one:
        assert eventually(lambda: bool(one.worker.look_problem))
        asked(of=one.worker)
        assert answer(one) == (False, "503 while reading")


def test_before_the_first_look_nothing_is_said(tmp_path: Path) -> None:
    with bench(tmp_path, start=False) as one:
        asked(of=one.worker)
        assert answer(one) is None


def test_a_master_is_not_asked(tmp_path: Path) -> None:
    with bench(tmp_path, held={ADDRESS: "a"}) as one:
        one.become(Role.MASTER)
        assert eventually(lambda: one.worker.is_promoted)
        asked(of=one.worker)
        assert answer(one) is None


def test_a_mistake_in_a_provider_is_an_answer_and_no_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(self: SlowCloud, lanes: object) -> None:
        raise KeyError("eni-0b")

    monkeypatch.setattr(SlowCloud, "check", check)
    with bench(tmp_path) as one:
        assert eventually(lambda: one.worker.standby_plan is not None)
        asked(of=one.worker)
        assert answer(one) == (False, "it cannot be checked: KeyError: 'eni-0b'")


def test_after_a_reload_the_new_worker_is_asked_about_at_once(tmp_path: Path) -> None:
    with bench(tmp_path) as before, bench(tmp_path) as after:
        workers = {"edge": before.worker}
        checks = Readying(lambda: workers, FakeClock())
        for one in (before, after):
            assert eventually(lambda one=one: one.worker.standby_plan is not None)  # type: ignore[misc]
            workers["edge"] = one.worker
            checks.look()
            assert answer(one) == (True, "")


def test_a_check_that_never_comes_back_keeps_no_other_instance_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readying, "_PATIENCE", 0.1)
    hold = threading.Event()
    with bench(tmp_path) as hung, bench(tmp_path) as fine:
        monkeypatch.setattr(hung.cloud, "check", lambda lanes: (hold.wait(60), ())[1])
        for one in (hung, fine):
            assert eventually(lambda one=one: one.worker.standby_plan is not None)  # type: ignore[misc]
        checks = Readying(lambda: {"edge": hung.worker, "core": fine.worker}, FakeClock())
        checks.look()
        assert answer(hung) == (False, "whether it would take over was not found out within 0 s")
        assert answer(fine) == (True, "")
        before = threading.active_count()
        checks.look()
        assert threading.active_count() <= before  # it is not asked a second time
        hold.set()
        assert eventually(lambda: answer(hung) == (True, ""))
