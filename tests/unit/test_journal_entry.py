"""One line: what is in it, and what never is."""

from __future__ import annotations

import json
import re
from ipaddress import ip_address
from typing import Any

import pytest
from cloudfail.journal import Entry
from cloudfail.journal.entry import decode, encode, redact, timestamp
from cloudfail.model import Owner, PublicIp
from hypothesis import given
from hypothesis import strategies as st

HEAD = {"run_id": "r1", "instance": "edge", "node": "a", "generation": 7}

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def entry(event: str = "note", **fields: Any) -> Entry:
    found = decode(encode(HEAD, event, fields))
    assert found is not None
    return found


class Untellable:
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_a_line_says_when_who_and_what() -> None:
    line = json.loads(encode(HEAD, "done", {"duration_ms": 12, "request_id": "q"}))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    expected = {"v": 1, **HEAD, "event": "done", "duration_ms": 12, "request_id": "q"}
    assert line == expected


def test_times_are_utc_with_milliseconds() -> None:
    assert timestamp(0) == "1970-01-01T00:00:00.000Z"
    assert timestamp(1_700_000_000.9876) == "2023-11-14T22:13:20.987Z"


def test_values_of_the_core_are_written_as_text() -> None:
    claim = PublicIp(address=ip_address("203.0.113.7"))
    found = entry(claim=claim, owner=Owner.PEER, claims=[str(claim)], address=claim.address)
    assert found.fields["claim"]["address"] == "203.0.113.7"
    assert found.fields["owner"] == "peer"
    assert found.fields["address"] == "203.0.113.7"


def test_a_field_with_the_name_of_the_journals_own_is_kept_beside_it() -> None:
    found = entry(node="eni-0a", time="noon", v=9)
    assert (found.node, found.v) == ("a", 1)
    assert found.fields == {"node_": "eni-0a", "time_": "noon", "v_": 9}


@pytest.mark.parametrize(
    "name",
    ["secret", "SecretAccessKey", "session_token", "password", "Authorization", "api_key",
     "aws_access_key_id", "client-secret", "X-Amz-Signature", "private_key", "credentials"],
)  # fmt: skip
def test_a_field_named_like_a_secret_is_blanked_at_any_depth(name: str) -> None:
    line = encode(HEAD, "note", {name: "hush", "facts": {name: ["hush"]}, "list": [{name: "hush"}]})
    assert b"hush" not in line
    assert b"***" in line


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer hush",
        "authorization: hush",
        "https://h/?X-Amz-Security-Token=hush&a=b",
        "https://h/?a=b&X-Amz-Signature=hush",
        "proxy http://user:hush@proxy:3128/ refused",
        '{"SecretAccessKey": "hush"}',
        "{'password':'hush'}",
        "db_password=hush failed",
        "client_secret=hush",
    ],
)
def test_secrets_inside_text_are_blanked(text: str) -> None:
    assert "hush" not in redact(text)
    assert "***" in redact(text)
    assert b"hush" not in encode(HEAD, "failed", {"error": text})


@pytest.mark.parametrize(
    "text",
    [
        "the metadata service refused a token: 403",
        "no credentials: set AWS_PROFILE, or attach an instance profile",
        "http://169.254.169.254/latest/meta-data/ timed out",
        "ec2:AssociateAddress on eipalloc-0a is not allowed; see `cloudfail policy aws`",
        "http://[fd00:ec2::254]/latest/api/token did not answer",
        "1 secret, 2 tokens",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


def test_what_has_no_json_form_never_stops_a_line() -> None:
    loop: list[Any] = []
    loop.append(loop)
    found = entry(
        odd=Untellable(), loop=loop, number=float("nan"), big=10**30, lone="\udc80", ok=1,
        error=ValueError("text"), kinds={Owner.MINE: 1},
    )  # fmt: skip
    assert found.fields["odd"] == "<Untellable that has no text>"
    assert found.fields["ok"] == 1
    assert found.fields["error"] == "text"
    assert found.fields["lone"] == "\\udc80"
    assert found.fields["big"] == str(10**30)


@given(st.text(), st.dictionaries(st.text(), ANYTHING, max_size=5))
def test_any_fields_make_exactly_one_line_that_reads_back(event: str, fields: Any) -> None:
    line = encode(HEAD, event, fields)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    found = decode(line)
    assert found is not None
    text = event.encode("utf-8", "backslashreplace").decode()
    assert (found.event, found.instance, found.generation) == (text, "edge", 7)


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b"null", b"7", b"\xff\xfe{}", b'{"event": 1, "time": "x"}', b"\0\0\0",
     b'{"event": "x"}', b'{"v":1}', b"[" * 10_000, b'{"a":' * 10_000],
)  # fmt: skip
def test_garbage_is_no_entry(line: bytes) -> None:
    assert decode(line) is None


def test_a_field_of_a_later_version_is_kept() -> None:
    found = decode(b'{"v": 9, "event": "x", "time": "t", "new": [1]}')
    assert found == Entry(event="x", time="t", v=9, fields={"new": [1]})
