"""A line of key=value stays one, and says what it was given."""

from __future__ import annotations

import os
import shlex

import pytest
from cloudfail.logfmt import is_journal, logfmt
from hypothesis import given
from hypothesis import strategies as st


@given(st.text())
def test_no_text_breaks_out_of_its_line(text: str) -> None:
    line = logfmt({"event": "note", "text": text, "last": 1})
    assert line.isprintable()
    assert line.startswith("event=note ")
    assert line.endswith(" last=1")


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"]), min_size=1))
def test_what_was_quoted_is_read_back(text: str) -> None:
    line = logfmt({"k": text})
    if line.startswith('k="'):
        assert shlex.split(line) == [f"k={text}"]
    else:
        assert line == f"k={text}"


def test_what_is_empty_is_left_out() -> None:
    assert logfmt({"a": "", "b": None, "c": 0, "d": ["x", "y z"]}) == 'c=0 d="x, y z"'


def test_a_terminals_commands_are_shown_and_not_sent() -> None:
    assert logfmt({"k": "\x1b[2J"}) == 'k="\\x1b[2J"'


def test_a_stream_of_somebody_else_is_no_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:12")
    assert not is_journal()
    status = os.fstat(2)
    monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
    assert is_journal()
    monkeypatch.delenv("JOURNAL_STREAM")
    assert not is_journal()
