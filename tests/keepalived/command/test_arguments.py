"""What an interpreter is told to run, as its own command line says."""

from __future__ import annotations

import pytest
from cloudfail.keepalived.command.arguments import (
    Kind,
    Told,
    kind_of,
    told_env,
    told_python,
    told_shell,
)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("x.py -m y", Told(file="x.py", rest=("-m", "y"))),
        ("-u -W error x.py", Told(file="x.py", flags="u")),
        ("-Xdev -Werror -I x.py", Told(file="x.py", flags="I")),
        ("-m mod -c x", Told(module="mod")),
        ("-Im mod", Told(module="mod", flags="I")),
        ("-mmod", Told(module="mod")),
        ("-c text x.py", Told(text="text")),
        ("--check-hash-based-pycs always x.py", Told(file="x.py")),
        ("- a", Told(rest=("a",))),
        ("", Told()),
        ("-m", Told()),
        ("-c", Told(text="")),
    ],
)
def test_python(words: str, told: Told) -> None:
    assert told_python(words.split()) == told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("x.sh -c y", Told(file="x.sh", rest=("-c", "y"))),
        ("-eu -o pipefail x.sh", Told(file="x.sh", flags="euo")),
        ("-euo pipefail -c text x", Told(text="text", flags="euoc", rest=("x",))),
        ("-lc text", Told(text="text", flags="lc")),
        ("+x --norc x.sh", Told(file="x.sh", flags="x")),
        ("--rcfile rc -- -x.sh", Told(file="-x.sh")),
        ("", Told()),
    ],
)
def test_shell(words: str, told: Told) -> None:
    assert told_shell(words.split()) == told


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["bash", "-e"], ("bash", "-e")),
        (["-i", "A=b", "-u", "C", "-C", "/", "--", "bash"], ("bash",)),
        (["-S", "A=b bash -e", "x"], ("bash", "-e", "x")),
        (["-Sbash -e", "x"], ("bash", "-e", "x")),
        (["--split-string=bash -e", "x"], ("bash", "-e", "x")),
        (["bash -e"], ("bash -e",)),
        (["A=b"], ()),
        (["-S"], ()),
    ],
)
def test_env(words: list[str], command: tuple[str, ...]) -> None:
    assert told_env(words) == command


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/usr/bin/python3.11", Kind.PYTHON), ("/x/pypy3", Kind.PYTHON), ("/bin/sh", Kind.SHELL),
     ("/usr/bin/env", Kind.ENV), ("/usr/bin/sudo", Kind.STARTER), ("/usr/bin/curl", Kind.OTHER),
     ("/usr/bin/python3-config", Kind.OTHER)],
)  # fmt: skip
def test_programs_are_known_by_name(path: str, kind: Kind) -> None:
    assert kind_of(path) is kind
