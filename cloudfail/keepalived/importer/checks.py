"""The command of a vrrp_script as a check of cloudfail.toml that means the same."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from itertools import chain
from pathlib import PurePosixPath
from typing import Any

from msgspec import Struct

from cloudfail.config.problems import Problems
from cloudfail.config.vrrp import text as texts
from cloudfail.keepalived.command.arguments import literal_words
from cloudfail.keepalived.command.resolve import DEFAULT_PATH
from cloudfail.keepalived.command.words import CommandError, split
from cloudfail.keepalived.importer.note import UnfitError

Argv = tuple[str, ...]
_PORT = re.compile(
    r"(?:exec \d* ?|cat ?|: ?|true ?)?(?:<>?|>) ?/dev/tcp/([A-Za-z0-9.:-]+)/(\d{1,5})"
    r"(?: ?(?:2?>|&>) ?/dev/null| 2>&1)*"
)
_NO_SHELL = "keepalived runs no shell by itself: as a check of the port it works"
_QUIET = frozenset({"-q", "--quiet"})
_WRAPPED_HOST = "[{}]"


class Check(Struct, frozen=True):
    """A key of [vrrp_script.NAME] and its value; `why` says what has changed, if anything."""

    key: str
    value: Any
    why: str = ""


def check_of(text: str, timeout: int) -> Check:
    """Return the check; raises UnfitError for a command that cannot be written into the toml.

    `timeout` is the seconds that curl gets from the generator.
    """
    argv = split(text)
    if isinstance(argv, CommandError):
        raise UnfitError(f"its command cannot be taken apart: {argv.message}")
    program = PurePosixPath(argv[0]).name
    known = chain((_no_shell(text),), (one(program, argv, timeout) for one in _KNOWN))
    check = next((one for one in known if one is not None and _is_valid(one, timeout)), None)
    return check or _command(argv)


def _is_valid(check: Check, timeout: int) -> bool:
    problems = Problems("")
    match check.key:
        case "tcp":
            texts.tcp_check(check.value, "", problems)
        case "http":
            texts.http_check(check.value, timeout, "", problems)
        case kind:
            texts.check(check.value, kind, "", problems)
    return not problems.found


def _no_shell(text: str) -> Check | None:
    return _port_of(text.strip(), _NO_SHELL)


def _port_of(text: str, why: str) -> Check | None:
    found = _PORT.fullmatch(text)
    if found is None:
        return None
    return Check("tcp", f"{_in_brackets(found.group(1))}:{found.group(2)}", why)


def _in_brackets(host: str) -> str:
    return _WRAPPED_HOST.format(host) if ":" in host else host


def _bash(program: str, argv: Argv, timeout: int) -> Check | None:
    del timeout
    if program not in {"bash", "sh"} or len(argv) != 3 or argv[1] != "-c":  # noqa: PLR2004
        return None
    check = _port_of(argv[2].strip(), "opens the port as `bash -c '</dev/tcp/HOST/PORT'` does")
    if check is not None and _is_ours(argv, "/usr/bin/bash", check.value, argv[2]):
        return Check(check.key, check.value)
    return check


def _is_ours(argv: Argv, program: str, port: str, script: str) -> bool:
    """Say whether the generator would write the very same words."""
    host, _, number = port.rpartition(":")
    return argv[0] == program and script == f"</dev/tcp/{host.strip('[]')}/{number}"


def _netcat(program: str, argv: Argv, timeout: int) -> Check | None:
    del timeout
    options = [word for word in argv[1:] if word.startswith("-")]
    rest = [word for word in argv[1:] if not word.startswith("-")]
    letters = "".join(word[1:] for word in options)
    if "w" in letters and letters.endswith("w") and len(rest) == 3:  # noqa: PLR2004 - -w SECONDS
        rest = rest[1:]
    is_scan = "z" in letters and not set(letters) - set("zvnw46")
    if program not in {"nc", "netcat", "ncat"} or not is_scan or len(rest) != 2:  # noqa: PLR2004
        return None
    why = "opens the port with bash, as nc -z does"
    return Check("tcp", f"{_in_brackets(rest[0])}:{rest[1]}", why)


def _curl(program: str, argv: Argv, timeout: int) -> Check | None:
    """`-f` is what makes a status from 400 on a failure; other options would get lost."""
    if program != "curl":
        return None
    ours = ("-fsS", "-m", str(timeout), "-o", "/dev/null")
    if argv[0] == "/usr/bin/curl" and argv[1:-1] == ours:
        return Check("http", argv[-1])
    letters, urls, words = "", [], iter(argv[1:])
    for word in words:
        if word in _WITH_VALUE:
            if next(words, "") != "/dev/null" and _WITH_VALUE[word]:
                return None
        elif word in _CURL or _CURL_LETTERS.fullmatch(word):
            letters += _CURL.get(word, word)
        else:
            urls.append(word)
    if len(urls) != 1 or "f" not in letters:
        return None
    return Check("http", urls[0], f"asks with `curl -fsS -m {timeout}`")


# Whether the value has to be /dev/null.
_WITH_VALUE = {
    **dict.fromkeys(("-m", "--max-time", "--connect-timeout"), False),
    **dict.fromkeys(("-o", "--output"), True),
}
_CURL_LETTERS = re.compile(r"-[fsS]+")
_CURL = {"--fail": "f", "--silent": "s", "--show-error": "S"}


def _process(program: str, argv: Argv, timeout: int) -> Check | None:
    del timeout
    rest = argv[1:]
    if program == "pgrep" and len(rest) == 2 and rest[0] in {"-x", "--exact"}:  # noqa: PLR2004
        return Check("process", rest[1], "" if argv[0] == "/usr/bin/pgrep" else "by /usr/bin/pgrep")
    if program == "killall" and len(rest) == 2 and rest[0] == "-0":  # noqa: PLR2004
        why = "asks with `pgrep -x`, which needs no right to signal the process"
        return Check("process", PurePosixPath(rest[1]).name, why)
    if program == "pidof" and len(rest) == 1 and not rest[0].startswith("-"):
        why = "asks with `pgrep -x`, which goes by the process's name and not by its program's"
        return Check("process", PurePosixPath(rest[0]).name, why)
    return None


def _unit(program: str, argv: Argv, timeout: int) -> Check | None:
    del timeout
    words = [word for word in argv[1:] if word not in _QUIET]
    if program != "systemctl" or len(words) != 2 or words[0] != "is-active":  # noqa: PLR2004
        return None
    ours = argv == ("/usr/bin/systemctl", "is-active", "-q", words[1])
    return Check("unit", words[1], "" if ours else "asks with `systemctl is-active -q`")


_KNOWN: tuple[Callable[[str, Argv, int], Check | None], ...] = (
    *(_bash, _netcat, _curl, _process, _unit),
)


def _command(argv: Argv) -> Check:
    why = ""
    if not argv[0].startswith("/"):
        path = shutil.which(argv[0], path=DEFAULT_PATH) if "/" not in argv[0] else None
        if path is None:
            raise UnfitError(f'"{argv[0]}" is no absolute path, and not found here')
        argv, why = (path, *argv[1:]), f"by its full path, {path}"
    problems = Problems("")
    if not all(argv) or not all(word.isprintable() for word in argv):
        raise UnfitError("it has an empty word or control characters; put it into a script file")
    if not texts.check_words(argv, "", problems):
        raise UnfitError(f"{problems.found[0].message}; {problems.found[0].remedy}")
    changes = [why] if why else []
    if literal := literal_words(argv):
        changes.append(f"`{literal[0]}` is passed to the program as it stands, as keepalived does")
    return Check("command", argv, "; ".join(changes))


def is_of_the_system(table: Any) -> bool:
    """Say whether keepalived may hold the check to belong to root: the system's own programs do."""
    return not table.command or table.command[0].startswith(
        ("/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/")
    )
