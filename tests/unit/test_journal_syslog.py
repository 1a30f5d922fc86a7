"""syslog as a last resort: in order, in parts, and never in the way."""

from __future__ import annotations

import syslog
import threading
import time
from collections.abc import Callable

import pytest
from cloudfail.journal import system_log
from cloudfail.journal.system_log import INFO, SystemLog


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(syslog, "syslog", lambda _, text: found.append(text))
    return found


def hang(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    release = threading.Event()
    monkeypatch.setattr(syslog, "syslog", lambda *_: release.wait(90))
    return release.set


def test_messages_arrive_in_order(lines: list[str]) -> None:
    log = SystemLog()
    for n in range(20):
        log.post(INFO, f"{n}\n")
    assert log.flush(30)
    assert lines == [str(n) for n in range(20)]


def test_a_long_message_comes_in_numbered_parts(lines: list[str]) -> None:
    log = SystemLog()
    log.post(INFO, "ab" * 3000)
    assert log.flush(30)
    assert [line[:6] for line in lines] == ["(1/2) ", "(2/2) "]
    assert "".join(line[6:] for line in lines) == "ab" * 3000


@pytest.mark.parametrize(
    ("text", "sent"), [("", ""), ("a\0b", "a\\0b"), ("\udc80", "\\udc80"), ("é", "é")]
)
def test_any_text_can_be_sent(lines: list[str], text: str, sent: str) -> None:
    log = SystemLog()
    log.post(INFO, text)
    assert log.flush(30)
    assert lines == [sent]


def test_a_hung_socket_holds_nobody_up_and_messages_have_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release = hang(monkeypatch)
    monkeypatch.setattr(system_log, "_MOST_WAITING", 10)
    log = SystemLog()
    began = time.monotonic()
    for _ in range(1000):
        log.post(INFO, "x")
    assert not log.flush(0.05)
    assert time.monotonic() - began < 60
    assert log._texts.qsize() <= 10
    release()
    while not log.flush(30):  # at once, as long as there is no room to ask
        assert time.monotonic() - began < 80


def test_many_threads_start_one_thread(lines: list[str]) -> None:
    log = SystemLog()
    threads = [threading.Thread(target=log.post, args=(INFO, "x")) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert log.flush(30)
    assert len(lines) == 30
