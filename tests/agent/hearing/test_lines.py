"""What keepalived writes is understood however it is cut, and nothing else is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from cloudfail.agent.hearing.lines import FifoLine, Splitter, State
from cloudfail.keepalived.notify import Kind
from cloudfail.role import Role
from hypothesis import given
from hypothesis import strategies as st

MASTER = b'INSTANCE "VI_1" MASTER 150\n'
STARTS = (b'INSTANCE "', b'GROUP "')


def text(line: FifoLine) -> bytes:
    """As vrrp_notify.c of keepalived prints it."""
    return f'{line.kind} "{line.name}" {line.state} {line.priority}\n'.encode()


def names() -> st.SearchStrategy[str]:
    letters = st.characters(exclude_categories=("Cc", "Cs"))
    return st.text(letters, min_size=1, max_size=20).filter(
        lambda name: (
            not any(start.decode() in f"{name}{end}" for start in STARTS for end in ("", '"'))
        )
    )


LINES = st.builds(
    FifoLine, st.sampled_from(Kind), names(), st.sampled_from(State), st.integers(0, 255)
)
JUNK = st.one_of(
    st.binary(max_size=80),
    st.sampled_from([b"\0" * 9000, b'INSTANCE "' * 700, b'GROUP "x" MASTER 999', b"\xff\xfe"]),
).map(lambda junk: junk.replace(b"\n", b"") + b"\n")


def fed(pieces: Sequence[bytes]) -> list[FifoLine]:
    splitter = Splitter()
    return [line for piece in pieces for line in splitter.feed(piece)]


def cut(data: bytes, at: Sequence[int]) -> list[bytes]:
    ends = [0, *sorted(where % (len(data) + 1) for where in at), len(data)]
    return [data[start:end] for start, end in pairwise(ends)]


@pytest.mark.parametrize("state", State)
def test_every_word_of_keepalived_is_known(state: State) -> None:
    assert fed([f'INSTANCE "VI_1" {state} 150\n'.encode()]) == [
        FifoLine(Kind.INSTANCE, "VI_1", state, 150)
    ]


def test_a_line_announces_a_role_or_none() -> None:
    roles = {state: FifoLine(Kind.INSTANCE, "VI_1", state, 1).role for state in State}
    assert {state: role for state, role in roles.items() if role} == {
        State.MASTER: Role.MASTER,
        State.BACKUP: Role.BACKUP,
        State.FAULT: Role.FAULT,
        State.STOP: Role.STOP,
        State.DELETED: Role.STOP,
    }


def test_a_group_is_told_from_an_instance_of_its_name() -> None:
    assert [line.kind for line in fed([b'GROUP "x" MASTER 0\nINSTANCE "x" MASTER 1\n'])] == [
        Kind.GROUP,
        Kind.INSTANCE,
    ]


@pytest.mark.parametrize(
    "line",
    [
        b'INSTANCE "VI_1" MASTER 256',
        b'INSTANCE "VI_1" MASTER 1000',
        b'INSTANCE "VI_1" MASTER -1',
        b'INSTANCE "VI_1" MASTER',
        b'INSTANCE "VI_1" {UNKNOWN} 1',
        b'INSTANCE "VI_1" MASTERLY 1',
        b'INSTANCE "VI_1" MASTER 1 ',
        b'INSTANCE "VI_1"  MASTER 1',
        b'INSTANCE "" MASTER 1',
        b"INSTANCE VI_1 MASTER 1",
        b'instance "VI_1" MASTER 1',
        b'INSTANCE "a\x1bb" MASTER 1',
        b'INSTANCE "\xff" MASTER 1',
        b'INSTANCE "' + b"x" * 5000 + b'" MASTER 1',
        b"MASTER",
    ],
)
def test_what_keepalived_would_not_write_is_rejected_and_told_in_one_line(line: bytes) -> None:
    splitter = Splitter()
    assert splitter.feed(line + b"\n" + MASTER) == fed([MASTER])
    (told,) = splitter.take_rejected()
    assert told.isprintable()
    assert len(told) < 400
    assert splitter.take_rejected() == []


def test_what_others_left_without_an_end_swallows_no_line() -> None:
    for junk in (b"junk", b'INSTANCE "VI_1" MAS', b"\0" * 70_000, MASTER.strip()):
        splitter = Splitter()
        assert splitter.feed(junk) == []
        assert splitter.feed(b'INSTANCE "VI_1" FAULT 150\n') == [
            FifoLine(Kind.INSTANCE, "VI_1", State.FAULT, 150)
        ]
        assert len(splitter.take_rejected()) == 1


def test_an_endless_line_takes_no_memory() -> None:
    splitter = Splitter()
    for _ in range(100):
        splitter.feed(b"x" * 65536)
    assert len(splitter._partial) <= 4096
    assert splitter.feed(b"\n" + MASTER) == fed([MASTER])


def test_much_junk_is_told_in_a_few_lines() -> None:
    splitter = Splitter()
    splitter.feed(b"x\n" * 30_000)
    told = splitter.take_rejected()
    assert told == ["x"] * 8 + ["and 29992 more"]


def test_empty_lines_are_not_worth_a_word() -> None:
    splitter = Splitter()
    assert splitter.feed(b"\n\n" + MASTER + b"\n") == fed([MASTER])
    assert splitter.take_rejected() == []


@given(st.lists(LINES, max_size=8), st.lists(st.integers(0, 10_000), max_size=8))
def test_however_it_is_cut_the_same_lines_come(lines: list[FifoLine], at: list[int]) -> None:
    assert fed(cut(b"".join(map(text, lines)), at)) == lines


@given(st.lists(st.one_of(LINES, JUNK), max_size=8), st.lists(st.integers(0, 60_000), max_size=8))
def test_junk_between_lines_hides_none_of_them(
    parts: list[FifoLine | bytes], at: list[int]
) -> None:
    data = b"".join(part if isinstance(part, bytes) else text(part) for part in parts)
    expected = [part for part in parts if isinstance(part, FifoLine)]
    assert [line for line in fed(cut(data, at)) if line in expected] == expected


@given(st.lists(st.binary(max_size=200)))
def test_whatever_is_fed_nothing_is_raised_and_the_next_line_is_found(pieces: list[bytes]) -> None:
    splitter = Splitter()
    for piece in pieces:
        splitter.feed(piece)
    assert splitter.feed(b"\n" + MASTER)[-1] == FifoLine(Kind.INSTANCE, "VI_1", State.MASTER, 150)
    assert all(told.isprintable() for told in splitter.take_rejected())


@given(st.binary(max_size=9000), st.lists(st.integers(0, 9000), max_size=6))
def test_junk_gives_the_same_however_it_is_cut(data: bytes, at: list[int]) -> None:
    whole, pieces = Splitter(), Splitter()
    found = [line for piece in cut(data, at) for line in pieces.feed(piece)]
    assert found == whole.feed(data)
    assert pieces.take_rejected() == whole.take_rejected()
