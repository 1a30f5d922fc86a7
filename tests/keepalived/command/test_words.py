"""How a command line is split; what real keepalived does with each is in test_real_keepalived."""

from __future__ import annotations

import pytest
from cloudfail.keepalived.command import CommandError, is_passed_literally, split


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/p/x a b", ("/p/x", "a", "b")),
        ("  /p/x\ta\n", ("/p/x", "a")),
        ("/p/x 'a b' \"c d\" ''", ("/p/x", "a b", "c d", "")),
        ("a'b'\"c\"d", ("abcd",)),
        ("'a\"b' \"c'd\"", ('a"b', "c'd")),
        (r"a\b", ("a\b",)),
        (r"a\\b \'c \ d", ("a\\b", "'c", " d")),
        (r"\x41\x4a4 \101\1012 \q", ("A\udca4", "AA2", "q")),
        (r"\x \xg \cA \c", ("x", "xg", "\x01", "c")),
        (r"\377 \777 \0rest", ("\udcff", "\udcff", "")),
        ("a\0b", ("a",)),
        ("a '", ("a", "")),
        (r"'b\'", ("b'",)),
    ],
)
def test_words(text: str, words: tuple[str, ...]) -> None:
    assert split(text) == words


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "no command"), (" \t", "no command"), ("/p/x 'a", "closing ' is missing"),
     ('/p/x "a', 'closing " is missing'), ("/p/x a\\", "backslash"), (r"/p/x 'a\'b", "closing '")],
)  # fmt: skip
def test_what_cannot_be_split_says_why(text: str, why: str) -> None:
    read = split(text)
    assert isinstance(read, CommandError)
    assert why in read.message


@pytest.mark.parametrize(
    "word",
    ["$HOME", "${HOME}/x", "$(id)", "`id`", "~", "~/x", "*", "/etc/*.conf", ";", "a;", "|", "||",
     "&", "&&", "a&", ">", ">/dev/null", "2>&1", "<file", "$1", "$?"],
)  # fmt: skip
def test_signs_of_a_shell_are_told(word: str) -> None:
    assert is_passed_literally(word)


@pytest.mark.parametrize(
    "word",
    ["/p/x", "a", "-x", "--a=b", "", "http://h/p?a=1&b=2*", "^nginx$", "a~b", "100%", "a>b",
     "[a-z]*", "#z", "!c"],
)  # fmt: skip
def test_other_words_are_not(word: str) -> None:
    assert not is_passed_literally(word)
