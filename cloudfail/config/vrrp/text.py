"""Text that goes into keepalived.conf: what cannot end a line, a quote or a block there.

keepalived reads `#` and `!` as comments, `$NAME` and `~SEQ` as definitions (also in quotes), and
parses the words of a command twice (lib/parser.c, lib/notify.c). It reads lines of at most 1023
bytes: the rest of a longer one is the next line (2.2.7 then dies of SIGSEGV, also with -t). What
could mean more than itself is refused here, so that the generator need not escape.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from cloudfail.config.problems import Problems

# Patterns are compiled when they are first used: `promote` needs next to none of them.
_NAME = r"(?!include[rmwba]?$)[A-Za-z0-9_][A-Za-z0-9_.:@-]*"
_DEVICE = r"(?!include[rmwba]?$)[A-Za-z0-9_][A-Za-z0-9_.@-]{0,14}"
_PATH = r"/[A-Za-z0-9_./:=@,+-]*"
_LABEL = r"[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,14}"
_USER = r"[a-z_][a-z0-9_.-]*( [a-z_][a-z0-9_.-]*)?"
_EMAIL = r"[A-Za-z0-9._%+=-]+@[A-Za-z0-9.-]+"
_PORT = r"(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_SERVER = rf"[A-Za-z0-9.:-]+( {_PORT})?"
_WORD = r"[ !#%&()*+,./0-9:;<=>?@A-Z\[\]^_a-z{|}-]+"
_PROCESS = r"[A-Za-z0-9_.:@+][A-Za-z0-9_.:@+-]{0,14}"
_HOST_PORT = r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):([0-9]{1,5})"
# Brackets only around an IPv6 address: anywhere else curl reads them as a range of URLs.
_URL = (
    r"https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?([/?][A-Za-z0-9._:/?@&=+,;%-]*)?"
)
# Beneath the directory; never keepalived.conf itself, nor the secrets, which have another place.
_PATTERN = (
    r"(?!.*\.\.)(?!.*[*?].*/)(?!secret/)(?!keepalived\.conf$)"
    r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*|[A-Za-z0-9_][A-Za-z0-9_./-]*/[A-Za-z0-9_*?-][A-Za-z0-9_.*?-]*)"
)
_PLAIN = r"""[^"'\\$~#!{}]+"""
_HIGHEST_PORT = 65535
LONGEST = 255  # characters of a text: three of them and what stands around them fit into a line
LONGEST_COMMAND = 800  # bytes of all its words, each in quotes

_KINDS = {
    "name": (_NAME, "letters, digits and . _ : @ -, and not `include`"),
    "device": (_DEVICE, "a device as `ip link` shows it, like eth0"),
    "label": (_LABEL, "a label as `ip address` shows it, like eth0:1; at most 15 characters"),
    "path": (_PATH, "an absolute path of letters, digits and / . _ - : = @ , +"),
    "user": (_USER, 'a user, or "user group"'),
    "email": (_EMAIL, "an address like ops@example.com"),
    "server": (_SERVER, 'an address, or an address and a port like "127.0.0.1 25"'),
    "unit": (_NAME, "a systemd unit like nginx.service"),
    "process": (_PROCESS, "a process's name as `ps -e` shows it, at most 15 characters"),
    "plain": (_PLAIN, "plain words, without quotes, backslashes, braces and $ ~ # !"),
}


def check(text: str, kind: str, key: str, problems: Problems) -> bool:
    """Say whether the text is of this kind ("name", "device", "path", ...); else add a problem."""
    pattern, wanted = _KINDS[kind]
    if len(text) > LONGEST:
        return _is_short(text, key, problems)
    if re.fullmatch(pattern, text):
        return True
    problems.add(key, f'"{text}" cannot be written into keepalived.conf', f"write {wanted}")
    return False


def _is_short(text: str, key: str, problems: Problems) -> bool:
    if len(text) <= LONGEST:
        return True
    problems.add(
        key,
        f"is {len(text)} characters long, and keepalived cuts its lines",
        f"write at most {LONGEST}",
    )
    return False


def is_pattern(text: str) -> bool:
    """Say whether the text is a file beneath a directory, or a glob of files in one of its own."""
    return len(text) <= LONGEST and re.fullmatch(_PATTERN, text) is not None


def names_many(pattern: str) -> bool:
    """Say whether each instance can have a file that the pattern matches: its name for the `*`."""
    return pattern.count("*") == 1 and "?" not in pattern


def check_words(words: Sequence[str], key: str, problems: Problems) -> bool:
    """Say whether these are the words of a command that keepalived runs as they stand."""
    before = problems.count()
    if not words[0].startswith("/") or " " in words[0]:
        problems.add(
            f"{key}[0]",
            f'"{words[0]}" is no absolute path',
            "name the program like /usr/bin/curl: keepalived's search path is not yours",
        )
    for index, word in enumerate(words):
        if not re.fullmatch(_WORD, word):
            problems.add(
                f"{key}[{index}]",
                f'"{word}" holds a character that keepalived would read as more than itself',
                "put the command into a script of its own, and name that",
            )
    size = sum(len(word.encode()) + 3 for word in words)  # each in quotes, and a blank
    if size > LONGEST_COMMAND:
        problems.add(
            key,
            f"is {size} bytes long, and keepalived cuts its lines",
            "put the command into a script of its own, and name that",
        )
    return problems.count() == before


def tcp_check(text: str, key: str, problems: Problems) -> tuple[str, ...]:
    """Return the argv that exits 0 when the port accepts; bash opens it itself, no Python.

    /bin is a link, which keepalived 2.3.3 and 2.3.4 refuse on the way to what root runs (measured).
    """
    if not _is_short(text, key, problems):
        return ()
    found = re.fullmatch(_HOST_PORT, text)
    if found is None or not 0 < int(found.group(3)) <= _HIGHEST_PORT:
        problems.add(key, f'"{text}" is no port', "write it like 127.0.0.1:80 or [::1]:80")
        return ()
    host = found.group(1) or found.group(2)
    return ("/usr/bin/bash", "-c", f"</dev/tcp/{host}/{found.group(3)}")


def http_check(text: str, seconds: int, key: str, problems: Problems) -> tuple[str, ...]:
    """Return the argv that exits 0 when the URL answers with a status below 400 in time."""
    if not _is_short(text, key, problems):
        return ()
    if not re.fullmatch(_URL, text) or not _has_host(text):
        problems.add(
            key,
            f'"{text}" is no URL that curl can be given',
            "write it like http://127.0.0.1/health",
        )
        return ()
    return ("/usr/bin/curl", "-fsS", "-m", str(seconds), "-o", "/dev/null", text)


def _has_host(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
