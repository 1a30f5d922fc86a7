"""Several responders: what they say, what a reload changes, what no end leaves behind."""

from __future__ import annotations

import asyncio
import warnings

import pytest
from cloudfail.agent.responder.responders import Responders
from cloudfail.config.agent.model import Responder

from agent.responder.serving import Served, connected, free_port, heard, is_refused, wait_until


@pytest.fixture
def ports() -> tuple[int, int]:
    one = other = free_port()
    while other == one:
        other = free_port()
    return one, other


def test_each_change_is_noted_once(ports: tuple[int, int]) -> None:
    with Served(Responder(port=ports[0])) as served:
        for answers in (True, True, False, False):
            served.set(answers)
    says = f"responder edge tcp port {ports[0]}"
    assert served.noted == [f"{says} answers", f"{says} does not answer any more"]


def test_every_instance_is_asked_for_by_name(ports: tuple[int, int]) -> None:
    with Served() as served:
        one, other = Responder(port=ports[0]), Responder(port=ports[1])
        served.run(lambda: served.responders.configure({"a": [one], "b": [other]}))
        wait_until(lambda: {"a", "b"} <= set(served.asked))


def test_a_reload_opens_what_is_new_and_closes_what_is_gone(ports: tuple[int, int]) -> None:
    one, other = (Responder(port=port) for port in ports)
    with Served(one, answers=True) as served:
        served.run(lambda: served.responders.configure({"edge": [other]}))
        assert is_refused(ports[0])
        with connected(ports[1]):
            pass


def test_a_reload_does_not_touch_what_stays(
    ports: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudfail.agent.responder.visit.SECONDS", 3600.0)
    http = Responder(port=ports[0], protocol="http")
    with Served(http, answers=True) as served, connected(ports[0]) as one:
        one.sendall(b"GET / HTTP/1.1\r\n")
        wait_until(lambda: any(port._visits for port in served.responders._ports.values()))
        again = Responder(port=ports[0], protocol="http")
        more = Responder(port=ports[1])
        served.run(lambda: served.responders.configure({"edge": [again, more]}))
        one.sendall(b"\r\n")
        assert heard(one).endswith(b"MASTER\n")


def test_a_port_that_changes_hands_at_a_reload_is_free(ports: tuple[int, int]) -> None:
    one = Responder(port=ports[0])
    with Served(one, answers=True) as served:
        served.run(lambda: served.responders.configure({"other": [one]}))
        assert served.responders.problems == ()
        with connected(ports[0]):
            pass


def test_two_instances_on_one_port_are_a_problem_not_a_crash(ports: tuple[int, int]) -> None:
    one = Responder(port=ports[0])
    with Served(answers=True) as served:
        served.run(lambda: served.responders.configure({"a": [one], "b": [one]}))
        assert "another process listens there" in served.responders.problems[0]
        with connected(ports[0]):
            pass


def test_the_end_closes_everything(ports: tuple[int, int]) -> None:
    both = Responder(port=ports[0]), Responder(port=ports[1], protocol="http")
    with warnings.catch_warnings(), Served(*both, answers=True) as served:
        warnings.simplefilter("error", ResourceWarning)
        with connected(ports[0]), connected(ports[1]):
            served.run(served.responders.stop())
            assert is_refused(ports[0])
            assert is_refused(ports[1])
        served.responders.poke()


def test_a_poke_before_the_start_and_after_the_end_does_nothing() -> None:
    responders = Responders(lambda _: True, lambda *_: None)
    responders.poke()
    loop = asyncio.new_event_loop()
    loop.run_until_complete(responders.start({}))
    loop.close()
    responders.poke()
    assert responders.problems == ()
