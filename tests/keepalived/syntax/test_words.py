"""The arguments of a line, and keepalived's word on them."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloudfail.keepalived.command import split
from cloudfail.keepalived.syntax import Word, read_text

from keepalived.syntax.real import NEEDS_KEEPALIVED, read_commands, read_words

BLOCK = r"""a@b "x y" w"4"v 'q w' a\ b
   cont \
   next
   \
   esc\x41 \\ "in\side" # gone
   h1 ${_HASH}gone "kept ${_BANG} kept"
   "a # b" 'c # gone'
   "" "}" k
   z # gone \
   t1	t2  "tab	kept"
   "joined"together"again"
   n${N}n "${N} in quotes" $N,
   ~SEQ(I,1,2) s${I} "s ${I}"
"""
WORDS = [
    "a@b", "x y", "w", "4", "v", "'q", "w'", "a\\", "b", "cont\\", "next", "\\",
    "esc\\x41", "\\\\", "in\\side", "h1", "a # b", "'c", "", "}", "k", "z\\",
    "t1", "t2", "tab\tkept", "joined", "together", "again",
    "n7n", "7 in quotes", "7,", "s1", "s 1", "s2", "s 2",
]  # fmt: skip
# A script's line: one word for the command, which keepalived takes apart again.
COMMANDS = {
    r'"/usr/bin/echo a b"': "/usr/bin/echo a b",
    r"'/usr/bin/echo a'": "/usr/bin/echo a",
    r'/usr/bin/echo" a"': "/usr/bin/echo a",
    r"/usr/bin/echo\ a": "/usr/bin/echo a",
    r'"/usr/bin/echo \"a b\""': '/usr/bin/echo "a b"',
    r'"/usr/bin/echo \x41\102\tc\cA"': "/usr/bin/echo AB\tc\x01",
    r'"/usr/bin/echo \\\\ \q"': "/usr/bin/echo \\\\ q",
    "\"/usr/bin/echo 'a b' c\"": "/usr/bin/echo 'a b' c",
}


def words_of(line: str) -> tuple[Word, ...]:
    (statement,) = read_text(line).statements
    return statement.words


def test_these_are_the_words_of_a_block() -> None:
    tree = read_text(f"$N=7\nb {{\n{BLOCK}\n}}\n")
    (block,) = tree.statements
    found = [word.text for one in block.children or () for word in one.words]
    assert found == WORDS
    assert tree.findings == ()


@pytest.mark.keepalived
@NEEDS_KEEPALIVED
def test_keepalived_finds_the_same_words_in_a_block(tmp_path: Path) -> None:
    assert read_words(tmp_path, f"   $N=7\n{BLOCK}") == WORDS


@pytest.mark.parametrize(("line", "command"), COMMANDS.items(), ids=str)
def test_this_is_the_command_of_a_script_line(line: str, command: str) -> None:
    (statement,) = read_text(f"notify_master {line} root").statements
    assert statement.args == (command, "root")


@pytest.mark.keepalived
@NEEDS_KEEPALIVED
def test_keepalived_runs_these_commands(tmp_path: Path) -> None:
    shown = []
    for command in COMMANDS.values():
        words = split(command)
        assert isinstance(words, tuple)
        shown.append(" ".join(f"'{word}'" for word in words))
    lines = [f"notify_master {line} root" for line in COMMANDS]
    assert read_commands(tmp_path, lines) == shown


def test_a_word_says_whether_it_was_quoted() -> None:
    assert words_of('a "b" c') == (Word("a"), Word("b", quoted=True), Word("c"))
    assert words_of("script '/bin/x y' z") == (
        Word("script"),
        Word("/bin/x y", quoted=True),
        Word("z"),
    )


def test_only_ascii_blanks_part_words() -> None:
    assert [word.text for word in words_of("a\u00a0b c\x1cd\u2028e")] == [
        "a\u00a0b",
        "c\x1cd\u2028e",
    ]


def test_what_cannot_be_known_stays_one_word() -> None:
    (statement,) = read_text("a ${_RANDOM 1 5} ${_ENV HOME}/x ${_INSTANCE} ${_PWD} {\n}").statements
    assert statement.args == ("${_RANDOM 1 5}", "${_ENV HOME}/x", "${_INSTANCE}", "${_PWD}")
    assert statement.is_block


def test_a_script_line_that_cannot_be_taken_apart_keeps_its_words() -> None:
    tree = read_text("script it's\n")
    assert tree.statements[0].args == ("it's",)
    assert [finding.kind for finding in tree.findings] == ["script"]


def test_a_quote_that_opens_nothing_is_no_mistake() -> None:
    tree = read_text("script /usr/bin/true'\n")
    assert tree.statements[0].args == ("/usr/bin/true",)
    assert tree.findings == ()


@pytest.mark.keepalived
@NEEDS_KEEPALIVED
def test_keepalived_runs_a_command_with_a_quote_that_opens_nothing(tmp_path: Path) -> None:
    assert read_commands(tmp_path, ["notify_master /usr/bin/true'"]) == ["'/usr/bin/true'"]
