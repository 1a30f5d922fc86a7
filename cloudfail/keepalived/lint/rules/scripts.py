"""Commands: who runs them, and what of their text reaches the program."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cloudfail.keepalived.command import CommandError, split
from cloudfail.keepalived.command.arguments import Kind, kind_of, literal_words
from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import ERROR, WARNING, FileRule, Hit
from cloudfail.keepalived.lint.view import FIFO_SCRIPTS, Command
from cloudfail.keepalived.lint.wording import several
from cloudfail.keepalived.version import Version

_USER = re.compile(r"[a-z_][a-z0-9_-]*\$?")
_USERS = frozenset(
    {"root", "nobody", "keepalived_script", "cloudfail", "www-data", "daemon", "bin"}
)
_ROOT_PYTHON = re.compile(r"/usr(/local)?/bin/|/bin/|/opt/[^/]*python[^/]*/bin/")
_PORT = re.compile(r"<\s*(/dev/(?:tcp|udp)/[^\s'\"]+).*", re.DOTALL)
_SYMLINKS = Version(2, 3)
_ARGV0 = Version(2, 3, 3)  # it stays as it is written (measured with 2.3.3 and 2.3.4)
_MOST_WORDS = 2


def _no_security(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    if conf.commands and not conf.has_global("enable_script_security"):
        yield Hit(conf.place, "scripts run without enable_script_security")


def _no_user(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    if conf.has_global("script_user"):
        return
    found = [one for one in conf.commands if not one.user and one.keyword not in FIFO_SCRIPTS]
    if found:
        yield Hit(found[0].place, f"no user is named for {several(found)}")


def _outside(conf: NodeConf, version: Version) -> Iterator[Hit]:
    """Words behind the command: as a user, or nothing."""
    del version
    users = _USERS | set(conf.global_text("script_user").split())
    for command in conf.commands:
        if not command.rest:
            continue
        word = command.rest[0]
        if command.keyword == "script":
            yield Hit(command.place, f'script of {command.of} runs without "{word}" behind it')
        elif not _is_user(command, users):
            yield Hit(command.place, f'"{word}" behind {command} is taken as its user')


def _is_user(command: Command, users: frozenset[str]) -> bool:
    """A quoted command may have any user behind it, a bare path only a well-known one."""
    if (
        command.is_rest_quoted
        or len(command.rest) > _MOST_WORDS
        or not _USER.fullmatch(command.rest[0])
    ):
        return False
    return command.quoted or command.rest[0] in users


def _words(conf: NodeConf) -> Iterator[tuple[Command, tuple[str, ...]]]:
    """Each command that has words and is no test of a file."""
    for command in conf.commands:
        words = split(command.text)
        if not isinstance(words, CommandError) and not words[0].startswith("<"):
            yield command, words


def _unparsable(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for command in conf.commands:
        words = split(command.text)
        if isinstance(words, CommandError):
            yield Hit(command.place, f"{command} cannot be split: {words.message}")


def _no_path(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for command, words in _words(conf):
        if not words[0].startswith("/"):
            how = "relative to where keepalived is" if "/" in words[0] else "searched in PATH"
            yield Hit(command.place, f'"{words[0]}" of {command} is {how}')


def _shell(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for command, words in _words(conf):
        literal = literal_words(words)
        if literal:
            yield Hit(
                command.place,
                f'{command} passes "{literal[0]}" to the program as it stands',
            )


def _file_test(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for command in conf.commands:
        text = command.text.lstrip()
        if not text.startswith("<"):
            continue
        if command.keyword != "script":
            what = f"{command} runs nothing: it names a file to open"
            yield Hit(command.place, what, "name a program")
        elif found := _PORT.fullmatch(text):
            yield Hit(
                command.place,
                f"{command} opens a file that is never there",
                f"write /usr/bin/bash -c '<{found[1]}' inside the quotes, with a timeout",
            )


def _venv(conf: NodeConf, version: Version) -> Iterator[Hit]:
    if version >= _ARGV0 or (version >= _SYMLINKS and conf.is_global_on("use_symlink_paths")):
        return
    for command, words in _words(conf):
        path = words[0]
        if kind_of(path) is Kind.PYTHON and path.startswith("/") and not _ROOT_PYTHON.match(path):
            yield Hit(
                command.place,
                f"{command} runs the Python that {path} links to, outside its environment",
            )


def _instance(line: str) -> str:
    return f"vrrp_instance VI_1 {{\n  {line}\n}}\n"


def _check(line: str) -> str:
    return f"vrrp_script web {{\n  script {line}\n}}\n"


_NOTIFY = 'notify "/usr/bin/cloudfail notify" root root'
_USED = "global_defs {\n  enable_script_security\n  script_user root\n}\n"

RULES = (
    FileRule(
        code="KA071",
        title="Scripts without enable_script_security",
        severity=WARNING,
        why="Whoever may write the script, or a directory on its path, is root. keepalived says `SECURITY "
        "VIOLATION - scripts are being executed but script_security not enabled`, runs them, and `-t` "
        "exits 6.",
        remedy="add enable_script_security and script_user root to global_defs",
        example=_instance(_NOTIFY),
        repaired=_USED + _instance(_NOTIFY),
        check=_no_security,
    ),
    FileRule(
        code="KA072",
        title="Scripts without a user",
        severity=WARNING,
        why="The default is the user keepalived_script, if it exists, which may do little; else root; and "
        "with enable_script_security nobody: `Unable to set default user keepalived_script for script`, and "
        "the script is dropped.",
        remedy="add script_user root to global_defs",
        example=_instance('notify_master "/usr/local/sbin/take"'),
        repaired=_USED + _instance('notify_master "/usr/local/sbin/take"'),
        check=_no_user,
    ),
    FileRule(
        code="KA073",
        title="Arguments outside the quotes",
        severity=ERROR,
        replaces=("KA207",),
        why="Behind a notify script the second word is its user: `Script user 'MASTER' does not exist`, "
        "`Invalid user/group for notify script - ignoring`, and keepalived is MASTER without it. Behind the "
        'script of a vrrp_script it is dropped: measured, `script /bin/sh -c "exit 7"` succeeds for '
        "ever. `-t` exits 0 for both.",
        remedy='put the whole command into one pair of quotes: "/path arg arg"',
        example=_instance("notify_master /usr/local/sbin/take MASTER"),
        repaired=_instance('notify_master "/usr/local/sbin/take MASTER"'),
        check=_outside,
    ),
    FileRule(
        code="KA074",
        title="A command that cannot be split",
        severity=ERROR,
        why="keepalived reads the text in the quotes a second time, with quotes and backslashes of its own: "
        "`Unable to parse script ... - ignoring`, `-t` exits 5.",
        remedy="use letters, digits and _./:=@,- only",
        example=_instance('notify_master "/usr/bin/logger \'it is"'),
        repaired=_instance("notify_master \"/usr/bin/logger 'it is'\""),
        check=_unparsable,
    ),
    FileRule(
        code="KA075",
        title="A command without its whole path",
        severity=WARNING,
        why="`script killall resolved by path search to /usr/bin/killall. Please specify full path`; under "
        "systemd that PATH is another one than at a prompt. A relative path is `cannot be accessed`, and the "
        "script is dropped.",
        remedy="write the path from / on",
        example=_check('"killall -0 nginx"'),
        repaired=_check('"/usr/bin/killall -0 nginx"'),
        check=_no_path,
    ),
    FileRule(
        code="KA076",
        title="Shell syntax without a shell",
        severity=ERROR,
        why="keepalived calls execve: `$HOME ~ * ; | && > <` and backquotes reach the program as letters.",
        remedy="put the line into a script, or write /usr/bin/sh -c '...' inside the quotes",
        example=_instance('notify_master "/usr/local/sbin/take > /var/log/take.log"'),
        repaired=_instance(
            "notify_master \"/usr/bin/sh -c '/usr/local/sbin/take > /var/log/take.log'\""
        ),
        check=_shell,
    ),
    FileRule(
        code="KA077",
        title="A test of a file, not of a port",
        severity=ERROR,
        why="A script that begins with < says whether a file can be opened. /dev/tcp is nothing but bash's "
        "own: here it always fails (`now returning 2`), the instance is in FAULT for ever.",
        remedy="write /usr/bin/bash -c '</dev/tcp/127.0.0.1/80' inside the quotes, with a timeout",
        example=_check('"</dev/tcp/127.0.0.1/80"'),
        repaired=_check("\"/usr/bin/bash -c '</dev/tcp/127.0.0.1/80'\""),
        check=_file_test,
    ),
    FileRule(
        code="KA078",
        title="The Python of a virtual environment",
        severity=ERROR,
        why="keepalived follows the link before it executes: /opt/venv/bin/python becomes "
        "/usr/bin/python3.11, which knows nothing of the environment's packages. A command of the same "
        "directory works, because its first line names that Python. 2.3.3 and newer leave argv[0] as it is "
        "written: there the environment's Python works too.",
        remedy="name the environment's own command, or set use_symlink_paths true (2.3.0 and newer)",
        example=_instance('notify "/opt/venv/bin/python -m cloudfail notify"'),
        repaired=_instance('notify "/opt/venv/bin/cloudfail notify"'),
        check=_venv,
    ),
)
