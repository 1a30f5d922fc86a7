"""Clock, way out and deadlines, asked of real sockets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cloudfail.doctor import Case, Status, time_of_day
from cloudfail.doctor.bounded import bounded
from cloudfail.doctor.egress import check_egress, source_to
from cloudfail.doctor.time_of_day import check_clock, skew_of
from cloudfail.errors import DeadlineError, DeniedError
from cloudfail.model import Holding, Owner
from msgspec.structs import replace

from doctor.cases import case_of, pair

LONG_AGO = "Thu, 01 Jan 2015 00:00:00 GMT"


@contextmanager
def http(date: str | None) -> Iterator[str]:
    """A server whose answers carry this date; "" is the right one, None is none at all."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(404)
            if date is not None:
                self.send_header("Date", date or self.date_time_string())
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def silent() -> Iterator[str]:
    """Accept, and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server in this process is none that hangs, however busy the machine is."""
    monkeypatch.setattr(time_of_day, "_SECONDS", 30.0)
    monkeypatch.setattr(time_of_day, "_LONGEST", 60.0)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return case_of(tmp_path)


def test_a_clock_that_agrees_is_fine_and_one_that_is_years_off_fails(case: Case) -> None:
    with http("") as url:
        (check,) = check_clock(replace(case, endpoint=url))
        assert (check.status, check.message) == (Status.OK, f"agrees with {url}")
    with http(LONG_AGO) as url:
        (check,) = check_clock(replace(case, endpoint=url))
        assert check.status is Status.FAILED
        assert "ahead of" in check.message


@pytest.mark.parametrize("date", ["yesterday", None])
def test_no_date_or_nonsense_for_one_warns(
    case: Case, monkeypatch: pytest.MonkeyPatch, date: str | None
) -> None:
    with http(date) as url:
        monkeypatch.setattr("cloudfail.doctor.time_of_day.METADATA", url)
        (check,) = check_clock(replace(case, endpoint=url))
    assert check.status is Status.WARNING


def test_an_endpoint_that_hangs_leaves_the_metadata_service_to_compare_with(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    with silent() as hanging, http("") as fine:

        def asked(url: str) -> float:
            monkeypatch.setattr(time_of_day, "_SECONDS", 0.1 if url == hanging else 30.0)
            return skew_of(url)

        monkeypatch.setattr(time_of_day, "METADATA", fine)
        monkeypatch.setattr(time_of_day, "skew_of", asked)
        (check,) = check_clock(replace(case, endpoint=hanging))
        assert (check.status, check.message) == (Status.OK, f"agrees with {fine}")
        monkeypatch.setattr(time_of_day, "_SECONDS", 0.1)
        with pytest.raises(TimeoutError):
            skew_of(hanging)


def test_a_question_that_hangs_ends_and_one_that_fails_fails_as_it_did() -> None:
    over = threading.Event()
    with pytest.raises(DeadlineError):
        bounded(over.wait, 0.01)
    over.set()
    assert bounded(lambda: 7, 60) == 7

    def denied() -> None:
        raise DeniedError("not allowed")

    with pytest.raises(DeniedError):
        bounded(denied, 60)


def held(case: Case) -> list[Holding]:
    return [Holding(claim=claim, owner=Owner.PEER) for claim in case.instance.claims]


def claims(kind: str, **values: str) -> str:
    fields = "\n".join(f"{name} = {value}" for name, value in values.items())
    return f'[[instance.edge.claim]]\nkind = "{kind}"\n{fields}\n'


@pytest.mark.parametrize(
    ("claim", "status", "said"),
    [
        (claims("private-ip", address='"10.0.1.100"'), Status.OK, "proven: calls leave from"),
        (claims("private-ip", address='"192.0.2.200"'), Status.FAILED, "which moves"),
        (claims("public-ip", address='"203.0.113.7"'), Status.WARNING, "not proven"),
        (
            claims("route", destination='"10.99.0.0/16"', tables='["rtb-0aaaaaaa"]'),
            Status.OK,
            "proven",
        ),
        (
            claims("route", destination='"127.0.0.0/16"', tables='["rtb-0aaaaaaa"]'),
            Status.WARNING,
            "not proven",
        ),
    ],
)
def test_the_way_out_is_proven_doubtful_or_what_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, claim: str, status: Status, said: str
) -> None:
    monkeypatch.setattr("cloudfail.doctor.egress.source_to", lambda to: ip_address("192.0.2.200"))
    subnets = pair(claims=claim).replace('"\npriority', '"\nsubnet = "0.0.0.0/0"\npriority')
    case = replace(case_of(tmp_path, subnets), endpoint="http://127.0.0.1:1")
    check = check_egress(case, held(case))
    assert check.status is status, check
    assert said in check.message


def test_no_route_at_all_fails_and_ones_word_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = case_of(tmp_path)
    monkeypatch.setattr("cloudfail.doctor.egress.source_to", lambda to: None)
    assert check_egress(case, held(case)).status is Status.FAILED
    assured = case_of(tmp_path, pair(more='[guard]\nown_egress = "assured"'))
    assert "taken on your word" in check_egress(assured, held(assured)).message


def test_the_source_is_the_kernels_choice() -> None:
    assert source_to(ip_address("127.0.0.1")) == ip_address("127.0.0.1")
    assert source_to(ip_address("::1")) in {ip_address("::1"), None}
