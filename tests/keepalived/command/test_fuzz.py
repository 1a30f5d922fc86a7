"""No text, and no file, makes it raise."""

from __future__ import annotations

import tempfile
from pathlib import Path

from cloudfail.keepalived.command import CommandError, examine, is_passed_literally, split
from hypothesis import given, settings
from hypothesis import strategies as st

from keepalived.command.machine import LIBRARY, Machine

# Under load an example may take long: what counts is that it ends.
ENOUGH = settings(max_examples=100, deadline=None)
ANY = st.text(st.characters())  # surrogates and NUL too
WORDS = st.lists(
    st.sampled_from(
        ["/usr/bin/env", "/bin/bash", "/usr/bin/python3", "/srv/x", "env", "-S", "-c", "-m", "-I",
         "--", "-", "-u", "-o", "A=b", "x", "/", "..", "'", '"', "\\", "</x", "/opt/app/bin/app",
         "/opt/app/bin/python", "/srv/x/../x/"]
    ),
    max_size=6,
).map(" ".join)  # fmt: skip


@ENOUGH
@given(ANY)
def test_split_ends_with_words_or_a_reason(text: str) -> None:
    words = split(text)
    if isinstance(words, CommandError):
        assert words.message
        return
    assert words
    assert not any("\0" in word for word in words)
    for word in words:
        is_passed_literally(word)


@ENOUGH
@given(st.lists(st.text(st.characters(exclude_characters="\0'\\")), min_size=1))
def test_words_in_single_quotes_come_back(words: list[str]) -> None:
    assert split(" ".join(f"'{word}'" for word in words)) == tuple(words)


@ENOUGH
@given(ANY, ANY, ANY, st.booleans())
def test_examine_says_something_of_any_text(
    command: str, user: str, group: str, security: bool
) -> None:
    for weak in examine(command, user, group, script_security=security):
        assert weak.message
    examine(command)


@ENOUGH
@given(ANY, st.text(st.characters(exclude_categories=["Cs"])), st.binary(), WORDS)
def test_examine_survives_what_files_say(
    odd: str, first: str, content: bytes, command: str
) -> None:
    with tempfile.TemporaryDirectory() as place:
        machine = Machine(Path(place))
        site = machine.venv()
        machine.write("/srv/x", f"#!{first}\n")
        machine.write("/srv/y", content)
        machine.write(f"{site}/a.pth", content + b"\nimport x; addsitedir('/srv')\n" + content)
        machine.write("/srv/b.pth", f"import __editable__x\n{first}\n")
        machine.write("/opt/app/pyvenv.cfg", content + b"\n" + b"home = " + content)
        machine.write(f"{LIBRARY}/x.py", content)
        machine.write("/etc/passwd", content)
        for text in (command, f"{command} {odd}", "/srv/x a", "/srv/y", "/opt/app/bin/app"):
            for user in ("root", odd):
                machine.examine(text, user)
