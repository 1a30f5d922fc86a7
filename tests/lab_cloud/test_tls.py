"""An API that is HTTPS, beside a control API that is not, on one port."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from collections.abc import Iterator

import pytest
from cloudfail.lab.cloud.httpd import ConnectionCutError, HttpService, Incoming, Reply
from cloudfail.lab.cloud.tls import Authority


def answer(incoming: Incoming) -> Reply:
    if incoming.path == "/cut":
        raise ConnectionCutError
    return Reply(200, b"secure" if incoming.secure else b"plain")


@pytest.fixture(scope="module")
def authority() -> Iterator[Authority]:
    made = Authority()
    yield made
    made.close()
    assert not made.file.exists()


@pytest.fixture
def service(authority: Authority) -> Iterator[HttpService]:
    started = HttpService("127.0.0.1", 0, answer, tls=authority.context(["127.0.0.1"]))
    yield started
    started.close()


@pytest.fixture
def trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.file))


def said(service: HttpService, context: ssl.SSLContext | None, *paths: str) -> list[bytes]:
    """What one connection is answered; without a context it is plain."""
    if context is None:
        link = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
    else:
        link = http.client.HTTPSConnection("127.0.0.1", service.port, context=context, timeout=20)
    with contextlib.closing(link):
        answers = []
        for path in paths or ("/",):
            link.request("GET", path)
            answers.append(link.getresponse().read())
        return answers


def test_one_port_takes_both(service: HttpService, trusting: ssl.SSLContext) -> None:
    assert service.url == f"https://127.0.0.1:{service.port}"
    assert said(service, trusting, "/", "/") == [b"secure", b"secure"]
    assert said(service, None) == [b"plain"]


def test_only_who_has_the_file_trusts_it(service: HttpService, trusting: ssl.SSLContext) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        said(service, ssl.create_default_context())
    assert said(service, trusting) == [b"secure"]


def test_who_connects_and_says_nothing_keeps_nobody_waiting(
    service: HttpService, trusting: ssl.SSLContext
) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as silent:
        assert said(service, trusting) == [b"secure"]
        service.close()
        assert silent.recv(1) == b""


def test_a_connection_with_tls_is_cut_like_any_other(
    service: HttpService, trusting: ssl.SSLContext
) -> None:
    with pytest.raises(ConnectionResetError):
        said(service, trusting, "/cut")
