"""A run ends at its safe points, and nothing is sent past them."""

from __future__ import annotations

import threading
from ipaddress import ip_address

import pytest
from cloudfail.clock import SystemClock, wall_clock
from cloudfail.errors import DeadlineError, SupersededError, TransientError
from cloudfail.model import PublicIp, Step
from cloudfail.provider import ApiCall
from cloudfail.testing import FakeClock, ready_run

CLAIM = PublicIp(address=ip_address("203.0.113.7"))
TAKE = Step(call="Take", claims=(CLAIM,), params={}, summary="take")
FINISH = Step(call="Take", claims=(CLAIM,), params={}, summary="finish", completes=True)

RELEASE = Step(call="Give", claims=(CLAIM,), params={}, summary="give", releases=True)


def test_a_stopped_run_begins_nothing_more() -> None:
    run = ready_run()
    run.before_write("Take")
    run.stop("SIGTERM")
    with pytest.raises(SupersededError, match="SIGTERM"):
        run.before_write("Take")
    with pytest.raises(SupersededError):
        run.pause(1)


def test_the_add_that_completes_our_own_remove_is_still_sent() -> None:
    clock = FakeClock()
    run = ready_run(clock=clock, seconds=1.0)
    run.stop("SIGTERM")
    clock.advance(5.0)
    with run.doing(FINISH):
        run.before_write("Take")
        tries: list[int] = []

        def flaky() -> None:
            tries.append(1)
            raise TransientError("503")

        with pytest.raises(TransientError):
            run.ask(flaky)
    assert tries == [1]  # past the deadline there is no second one


def test_the_role_decides_even_about_the_completing_add() -> None:
    def no_longer() -> None:
        raise SupersededError("BACKUP")

    run = ready_run(role=no_longer)
    with run.doing(FINISH), pytest.raises(SupersededError):
        run.before_write("Take")


def test_nothing_is_sent_after_the_deadline() -> None:
    clock = FakeClock()
    run = ready_run(clock=clock, seconds=3.0)
    clock.advance(3.0)
    with pytest.raises(DeadlineError, match="AssociateAddress"):
        run.before_write("AssociateAddress")


def test_a_wait_for_what_was_sent_ends_with_a_stop_and_with_the_deadline() -> None:
    clock = FakeClock()
    run = ready_run(clock=clock, seconds=1.0)
    with run.doing(TAKE):
        run.while_waiting("nic-a is Updating")
        clock.advance(5.0)
        with pytest.raises(DeadlineError, match="time is up: nic-a is Updating"):
            run.while_waiting("nic-a is Updating")
        run.stop("SIGTERM")
        with pytest.raises(SupersededError, match="SIGTERM"):
            run.while_waiting("nic-a is Updating")


@pytest.mark.parametrize("step", [RELEASE, FINISH], ids=["remove", "add"])
def test_between_a_remove_and_its_add_only_a_better_peer_ends_a_wait(step: Step) -> None:
    masters: list[str] = []

    def still_master() -> None:
        if masters:
            raise SupersededError(masters[0])

    clock = FakeClock()
    run = ready_run(clock=clock, seconds=1.0, role=still_master)
    with run.doing(step):
        run.before_write(step.call)
        run.stop("SIGTERM")
        clock.advance(5.0)
        run.while_waiting("it")
        masters.append("a better peer")
        with pytest.raises(SupersededError, match="a better peer"):
            run.while_waiting("it")


def test_a_remove_that_was_not_sent_yet_is_owed_nothing() -> None:
    run = ready_run()
    run.stop("SIGTERM")
    with run.doing(RELEASE), pytest.raises(SupersededError, match="SIGTERM"):
        run.while_waiting("the interface that it is to come to")


def test_a_stop_ends_the_retries_of_a_read() -> None:
    run = ready_run()

    def question() -> None:
        run.stop("SIGTERM")
        raise TransientError("503")

    with pytest.raises(SupersededError):
        run.ask(question)


def test_calls_are_attributed_to_the_step_of_their_thread() -> None:
    run = ready_run()
    call = ApiCall(operation="Take", mutating=True, seconds=0.1, request_id="r-1")
    other = ApiCall(operation="Take", mutating=True, seconds=0.1, request_id="r-2")
    with run.doing(TAKE) as doing:
        run.on_call(call)
        thread = threading.Thread(target=run.on_call, args=(other,))
        thread.start()
        thread.join()
        assert doing.request_id == "r-1"
    assert run.calls == (call, other)


def test_a_step_without_an_answer_has_no_request_id() -> None:
    with ready_run().doing(TAKE) as doing:
        assert doing.request_id == ""


def test_attempts_are_counted_per_step() -> None:
    run = ready_run()
    errors = [TransientError("503"), TransientError("503")]

    def question() -> str:
        if errors:
            raise errors.pop()
        return "done"

    with run.doing(TAKE) as doing:
        assert run.ask(question) == "done"
        assert doing.attempts == 3


def test_a_stop_ends_a_pause_within_a_moment() -> None:
    clock = SystemClock()
    run = ready_run(clock=clock)
    timer = threading.Timer(0.05, run.stop, ["SIGTERM"])
    timer.start()
    began = clock.now()
    with pytest.raises(SupersededError):
        run.pause(30)
    assert clock.now() - began < 10
    timer.join()


def test_a_stop_that_comes_just_before_a_pause_is_not_lost() -> None:
    clock = FakeClock()
    run = ready_run(clock=clock)

    def question() -> None:
        raise TransientError("503", retry_after=3.0)

    def sleep(seconds: float) -> None:
        run.stop("SIGTERM")
        clock.advance(seconds)

    clock.sleep = sleep  # type: ignore[method-assign]
    with pytest.raises(SupersededError):
        run.ask(question)
    assert clock.now() < 0.2


def test_a_newer_role_ends_a_pause_too() -> None:
    clock = FakeClock()

    def role() -> None:
        if clock.now() > 1.0:
            raise SupersededError("BACKUP")

    run = ready_run(clock=clock, role=role)
    with pytest.raises(SupersededError):
        run.pause(30)
    assert clock.now() < 1.2


def test_a_finishing_run_is_not_ended_by_a_stop_nor_by_the_deadline() -> None:
    clock = FakeClock()
    run = ready_run(clock=clock, seconds=1.0)
    clock.advance(2.0)
    run.stop("SIGTERM")
    run.finish(10.0)
    run.pause(3.0)
    assert clock.now() == pytest.approx(5.0)
    assert run.deadline.left() == pytest.approx(7.0)


def test_two_runs_have_different_ids() -> None:
    assert ready_run().run_id != ready_run().run_id


def test_the_wall_clock_is_later_than_this_file() -> None:
    assert wall_clock() > 1.7e9
