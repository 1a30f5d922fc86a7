"""What is said of a command is what real keepalived does with it."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cloudfail.keepalived.command import (
    DEFAULT_PATH,
    Code,
    Effect,
    Examiner,
    Resolved,
    Weakness,
    resolve,
    split,
)

from keepalived.command.cases import CASES, Place
from keepalived.command.daemon import Line, log_of, need_keepalived

pytestmark = pytest.mark.netns

# What keepalived 2.2.7 logs, by the weakness it is about.
LOGGED = {
    Code.NOT_ROOT_OWNED: "Unsafe permissions found for script '{path}'",
    Code.GROUP_WRITABLE: "Unsafe permissions found for script '{path}'",
    Code.WORLD_WRITABLE: "Unsafe permissions found for script '{path}'",
    Code.UNREACHABLE_FOR_USER: "Script {argv0} cannot be accessed - Permission denied",
    Code.MISSING: "Script {argv0} cannot be accessed - (No such|Not a dir|Too many)|"
    "(Cannot find script|Permissions failure for script) {argv0} in path",
    Code.DIRECTORY: "Wrong file type found in script path '{path}'",
    Code.NOT_A_FILE: "Wrong file type found in script path '{path}'",
    Code.NOT_EXECUTABLE: "script '{path}' is not executable for uid:gid",
    Code.BARE_NAME: "script `{argv0}` resolved by path search to",
    Code.USER_UNKNOWN: "Invalid user/group for .* script {argv0} - ignoring",
    Code.GROUP_UNKNOWN: "Invalid user/group for .* script {argv0} - ignoring",
    Code.UNPARSABLE: "Unable to parse script '{command}' - ignoring",
}


@dataclass(frozen=True)
class Run:
    lines: dict[str, Line]
    marks: dict[str, list[str]]
    log: str
    examiner: Examiner
    path: str
    security: bool


@pytest.fixture(scope="module", params=[True, False], ids=["security", "without"])
def ran(request: pytest.FixtureRequest) -> Iterator[Run]:
    need_keepalived()
    base = Path(tempfile.mkdtemp(prefix="cloudfail-"))
    try:
        base.chmod(0o755)
        marks = Place.make(base / "marks", 0o1777)
        lines = {name: build(Place(base, name, marks)) for name, build in CASES.items()}
        path = f"{base}/bin:{DEFAULT_PATH}"
        log = log_of(list(lines.values()), base, path=f"{base}/bin", security=request.param)
        written = {mark.name: mark.read_text().split("\0") for mark in marks.iterdir()}
        examiner = Examiner(path=path, script_security=request.param)
        yield Run(lines, written, log, examiner, path, request.param)
    finally:
        shutil.rmtree(base)


def stopped(weaknesses: tuple[Weakness, ...]) -> bool:
    return any(weak.effect in {Effect.DROPPED, Effect.FAILS} for weak in weaknesses)


@pytest.mark.parametrize("name", CASES)
def test_what_runs_and_what_does_not(ran: Run, name: str) -> None:
    line = ran.lines[name]
    found = ran.examiner.examine(line.command, line.user, line.group)
    assert (name in ran.marks) is not stopped(found), (found, ran.log)


@pytest.mark.parametrize("name", CASES)
def test_keepalived_logs_just_what_is_found(ran: Run, name: str) -> None:
    line = ran.lines[name]
    words = split(line.command)
    argv0 = words[0] if isinstance(words, tuple) else line.command
    resolved = resolve(argv0, ran.path)
    path = resolved.path if isinstance(resolved, Resolved) else argv0
    found = ran.examiner.examine(line.command, line.user, line.group)
    codes = {weak.code for weak in found if weak.effect in {Effect.DROPPED, Effect.ODD}}
    if not ran.security:
        unsafe = (weak for weak in found if weak.effect is Effect.UNSAFE)
        codes |= {weak.code for weak in unsafe if weak.path in path}
    named = {"path": re.escape(path), "argv0": re.escape(argv0)}
    named["command"] = re.escape(line.command)
    patterns = {code: pattern.format(**named) for code, pattern in LOGGED.items()}
    said = {pattern for pattern in patterns.values() if re.search(pattern, ran.log)}
    assert said == {patterns[code] for code in codes if code in patterns}, found


@pytest.mark.parametrize("name", CASES)
def test_the_words_and_the_resolved_path_are_what_a_script_is_given(ran: Run, name: str) -> None:
    line = ran.lines[name]
    if name not in ran.marks or name.startswith(("venv", "by_")):
        return
    words = split(line.command)
    assert isinstance(words, tuple)
    resolved = resolve(words[0], ran.path)
    assert isinstance(resolved, Resolved)
    assert ran.marks[name] == [resolved.path, *words[1:], ""]


def test_a_venv_is_left_only_where_it_is_said(ran: Run) -> None:
    for name in ("venv_python", "venv_tool", "venv_link"):
        found = ran.examiner.examine(ran.lines[name].command)
        home = ran.lines["venv_tool"].command.replace("venv_tool", name).removesuffix("/bin/tool")
        left = Code.VENV_BY_PYTHON in {weak.code for weak in found}
        assert left is (ran.marks[name] != [home]), name
    assert ran.marks["venv_python"] != ran.marks["venv_tool"]
