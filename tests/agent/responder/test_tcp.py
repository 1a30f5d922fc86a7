"""protocol tcp, over real sockets: whoever can connect is told that this is the master."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from ipaddress import ip_address

import pytest
from cloudfail.agent.responder import port as port_module
from cloudfail.agent.responder import sockets
from cloudfail.config.agent.model import Responder

from agent.responder.serving import (
    Served,
    connected,
    ended_by,
    free_port,
    is_refused,
    wait_until,
)

VISIT = "cloudfail.agent.responder.visit.SECONDS"
HOSTS = ("127.0.0.1", "::1")


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.mark.parametrize("host", HOSTS)
def test_the_port_is_open_only_while_it_answers(port: int, host: str) -> None:
    with Served(Responder(port=port)) as served:
        assert is_refused(port, host)
        served.set(True)
        with connected(port, host):
            pass
        served.set(False)
        assert is_refused(port, host)
        served.set(True)
        with connected(port, host):
            pass


def test_a_change_is_noticed_without_being_told(port: int) -> None:
    with Served(Responder(port=port)) as served:
        served.answers = True
        wait_until(lambda: not is_refused(port))
        served.answers = False
        wait_until(lambda: is_refused(port))


def test_a_poke_from_another_thread_is_followed_at_once(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudfail.agent.responder.responders.POLL", 3600.0)
    with Served(Responder(port=port)) as served:
        served.answers = True
        served.responders.poke()
        wait_until(lambda: not is_refused(port))


@pytest.mark.parametrize("host", HOSTS)
def test_who_is_connected_is_reset_when_the_role_is_lost(
    port: int, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VISIT, 3600.0)
    with Served(Responder(port=port), answers=True) as served, connected(port, host) as one:
        one.sendall(b"x")
        wait_until(lambda: len(port_of(served)._visits) == 1)
        served.set(False)
        assert ended_by(one) == "reset"


def test_who_connects_between_two_polls_is_asked_for_anew(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudfail.agent.responder.responders.POLL", 3600.0)
    with Served(Responder(port=port), answers=True) as served:
        served.answers = False  # and nobody says so
        assert is_refused(port)
        assert served.run(lambda: port_of(served).is_listening) is False


def test_only_the_given_address_is_listened_at(port: int) -> None:
    address = ip_address("127.0.0.2")
    with Served(Responder(port=port, address=address), answers=True):
        assert is_refused(port, "127.0.0.1")
        assert is_refused(port, "::1")
        with connected(port, "127.0.0.2"):
            pass


def test_an_ipv6_address_alone_does(port: int) -> None:
    with Served(Responder(port=port, address=ip_address("::1")), answers=True):
        assert is_refused(port, "127.0.0.1")
        with connected(port, "::1"):
            pass


def test_who_stays_is_ended_after_a_second(port: int) -> None:
    with Served(Responder(port=port), answers=True), connected(port) as one:
        began = time.monotonic()
        assert ended_by(one) == "close"
        assert time.monotonic() - began > 0.5


def test_who_never_stops_talking_is_ended_too(port: int) -> None:
    with Served(Responder(port=port), answers=True) as served, connected(port) as one:
        with contextlib.suppress(ConnectionError):
            while True:
                one.sendall(b"x" * 65536)
        wait_until(lambda: not port_of(served)._visits)


def test_a_client_that_ends_its_half_is_ended(port: int) -> None:
    with Served(Responder(port=port), answers=True), connected(port) as one:
        one.shutdown(socket.SHUT_WR)
        assert ended_by(one) == "close"


def test_a_client_that_resets_is_forgotten(port: int) -> None:
    with Served(Responder(port=port), answers=True) as served:
        for _ in range(200):
            with connected(port) as one:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wait_until(lambda: not port_of(served)._visits)
        with connected(port):
            pass


def test_the_oldest_of_64_makes_place(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VISIT, 3600.0)
    with Served(Responder(port=port), answers=True) as served, contextlib.ExitStack() as stack:
        first, second, *_ = [stack.enter_context(connected(port)) for _ in range(64)]
        wait_until(lambda: len(port_of(served)._visits) == 64)
        stack.enter_context(connected(port))
        assert ended_by(first) == "reset"
        assert served.run(lambda: len(port_of(served)._visits)) == 64
        stack.enter_context(connected(port))
        assert ended_by(second) == "reset"


def test_a_port_in_use_is_a_problem_until_it_is_free(port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        one = Responder(port=port, address=ip_address("127.0.0.1"))
        with Served(one, answers=True) as served:
            (problem,) = served.responders.problems
            assert problem == (
                f"responder 127.0.0.1:{port} does not listen: "
                "another process listens there: end it, or choose another port"
            )
            other.close()
            wait_until(lambda: not served.responders.problems)
            with connected(port):
                pass
        said = [line for line in served.noted if "listen" in line]
        assert said == [f"responder edge {problem}", f"responder edge tcp port {port} listens now"]


def test_one_family_in_use_leaves_the_other(port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with Served(Responder(port=port), answers=True) as served:
            assert "0.0.0.0" in served.responders.problems[0]
            with connected(port, "::1"):
                pass


def test_an_address_that_is_not_here_is_a_problem(port: int) -> None:
    one = Responder(port=port, address=ip_address("192.0.2.1"))
    with Served(one, answers=True) as served:
        assert "this machine does not have that address" in served.responders.problems[0]
        served.set(False)
        assert served.responders.problems == ()


def test_a_machine_without_ipv6_has_its_responders(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sockets.listen

    def without_ipv6(place: sockets.Place, number: int) -> socket.socket:
        if place[0] == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return real(place, number)

    monkeypatch.setattr(port_module, "listen", without_ipv6)
    with Served(Responder(port=port), answers=True) as served:
        assert served.responders.problems == ()
        with connected(port):
            pass


def test_a_process_without_files_left_serves_again_when_it_has_some(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VISIT, 3600.0)
    real, left = socket.socket.accept, [0]

    def accept(listening: socket.socket) -> object:
        left[0] += 1
        if left[0] <= 2:
            raise OSError(24, "Too many open files")
        return real(listening)

    monkeypatch.setattr(socket.socket, "accept", accept)
    with Served(Responder(port=port), answers=True) as served, connected(port):
        wait_until(lambda: len(port_of(served)._visits) == 1)
        assert left[0] >= 3


def port_of(served: Served) -> port_module.Port:
    (found,) = served.responders._ports.values()
    return found
