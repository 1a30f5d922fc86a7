"""Scripts on this machine: do they run, and who may change what they do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cloudfail.keepalived.command import Code, Weakness
from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import ERROR, INFO, WARNING, Hit, HostRule
from cloudfail.keepalived.lint.rules.host.examined import check, default_account
from cloudfail.keepalived.version import Version


def _script_user(conf: NodeConf, version: Version, root: Path) -> Iterator[Hit]:
    del version
    line = conf.get_global("script_user")
    if line is None or not line.value:
        return
    account = default_account(conf, root)
    if isinstance(account, Weakness):
        what = "group" if account.code is Code.GROUP_UNKNOWN else "user"
        name = line.args[1] if what == "group" else line.value
        yield Hit(line.place, f'script_user: there is no {what} "{name}"')


def _notify(command: str, rest: str = "root root") -> str:
    return (
        "global_defs {\n  enable_script_security\n  script_user root\n}\n"
        f'vrrp_instance VI_1 {{\n  notify_master "{command}" {rest}'.rstrip()
        + "\n}\n"
    )


_TAKE = _notify("/usr/local/sbin/take")

RULES = (
    HostRule(
        code="KA201",
        title="A script that is not there",
        severity=ERROR,
        why="`Script /usr/local/sbin/take cannot be accessed - No such file or directory`: keepalived drops "
        "it, and is MASTER without it. Of a notify script `keepalived -t` says nothing and exits 0; of a "
        "vrrp_script `Disabling track script web since not found/accessible`, and exits 5.",
        remedy="install it, or correct the path",
        example=_TAKE,
        check=check(Code.MISSING, Code.UNREACHABLE_FOR_USER),
    ),
    HostRule(
        code="KA202",
        title="A script that cannot be executed",
        severity=ERROR,
        why="`script '/usr/local/sbin/take' is not executable for uid:gid 0:0 - disabling`, or `Wrong file "
        "type found in script path` for a directory: it is dropped. `keepalived -t` exits 0, but for a "
        "directory as vrrp_script (5).",
        remedy="chmod 0755 the script",
        example=_TAKE,
        check=check(Code.NOT_EXECUTABLE, Code.DIRECTORY, Code.NOT_A_FILE),
    ),
    HostRule(
        code="KA203",
        title="A script that does not start",
        severity=ERROR,
        why="keepalived calls execve, without a shell to help: no #! line, an interpreter that is not "
        "there, or a script that its user may not read end it at once (measured with 2.2.7). The exit "
        "status of a notify script is ignored, so nobody is told.",
        remedy="make its first line `#!/bin/sh`, or what it is written for",
        example=_TAKE,
        check=check(Code.NO_SHEBANG, Code.INTERPRETER_MISSING, Code.UNREADABLE_FOR_USER),
    ),
    HostRule(
        code="KA204",
        title="A script of root's that others may change",
        severity=ERROR,
        why="Each part of the path has to be root's, and writable by nobody else. With "
        "enable_script_security: `Unsafe permissions found for script '/usr/local/sbin/take' - disabling`, "
        "and `keepalived -t` exits 0 for a notify script, 5 for a vrrp_script; without it the script runs, and whoever may change it is root.",
        remedy="give it to root, and take the right to write from others",
        example=_TAKE,
        check=check(Code.NOT_ROOT_OWNED, Code.GROUP_WRITABLE, Code.WORLD_WRITABLE),
    ),
    HostRule(
        code="KA205",
        title="What a script of root's imports, others may change",
        severity=ERROR,
        why="keepalived looks at the script only, not at its interpreter, nor at what Python imports: "
        "sys.path, the targets of .pth files, the directories of PATH before the program. Who may write "
        "there is root at the next failover.",
        remedy="give it to root, and take the right to write from others",
        example=_TAKE,
        check=check(
            Code.INTERPRETER_WRITABLE,
            Code.SEARCH_PATH_WRITABLE,
            Code.IMPORT_PATH_WRITABLE,
            Code.PTH_TARGET_WRITABLE,
        ),
    ),
    HostRule(
        code="KA206",
        title="Out of its virtual environment",
        severity=ERROR,
        why="keepalived executes what the link points to: /opt/app/bin/python becomes "
        "/usr/bin/python3.11, with sys.prefix /usr (measured with 2.2.7), and does not find the packages "
        "of the environment. 2.3.3 and newer leave argv[0] as it is written, so that it does.",
        remedy="name a command of the environment, or set use_symlink_paths (2.3.0 and newer)",
        settles=("KA078",),
        example=_notify("/opt/app/bin/python -m app"),
        repaired=_notify("/opt/app/bin/app"),
        check=check(Code.VENV_BY_PYTHON),
    ),
    HostRule(
        code="KA207",
        title="A script of a user or group that is not there",
        severity=ERROR,
        why="`Invalid user/group for notify script /usr/local/sbin/take - ignoring`: it is dropped. Without "
        "any user, and with enable_script_security, keepalived_script has to exist: `Unable to set default "
        "user keepalived_script for script`.",
        remedy="create the user, or write one that is there",
        example=_notify("/usr/local/sbin/take", "keepalive keepalive"),
        repaired=_TAKE,
        check=check(Code.USER_UNKNOWN, Code.GROUP_UNKNOWN, Code.NO_DEFAULT_USER),
    ),
    HostRule(
        code="KA208",
        title="A script that PATH found",
        replaces=("KA075",),
        severity=WARNING,
        why="`WARNING - script take resolved by path search to /usr/local/sbin/take. Please specify full "
        "path`. Under systemd PATH is another one than at a prompt, and a file of that name that comes "
        "earlier is run instead.",
        remedy="write the whole path",
        example=_notify("take"),
        repaired=_TAKE,
        check=check(Code.BARE_NAME),
    ),
    HostRule(
        code="KA209",
        title="Not all of a script was examined",
        severity=INFO,
        why="What a shell is given by -c, what sudo or timeout start, and programs that cannot be read are "
        "not followed: that nothing is said of them does not mean that nothing is wrong.",
        remedy="see to it that only root may change what it runs",
        example=_notify("/usr/bin/timeout 5 /usr/local/sbin/take"),
        repaired=_TAKE,
        check=check(Code.NOT_EXAMINED),
    ),
    HostRule(
        code="KA211",
        title="script_user is nobody",
        severity=ERROR,
        why="`Script user 'keepalive' does not exist`, then for each script without a user of its own "
        "`Failed to set default user for notify script - ignoring`: none of them runs, with or without "
        "enable_script_security (measured with 2.2.7).",
        remedy="create the user, or write script_user root",
        example="global_defs {\n  script_user keepalive\n}\n",
        repaired="global_defs {\n  script_user root\n}\n",
        check=_script_user,
    ),
    HostRule(
        code="KA220",
        title="A link among the directories of a script of root's",
        severity=ERROR,
        why="keepalived 2.3.3 and 2.3.4 want each part of the path to be a directory itself, and /bin is a "
        "link on most machines: `Wrong file type found in script path '/bin/take'`. A notify script is "
        "dropped, and `keepalived -t` exits 0; of a vrrp_script it says `Disabling track script take due to "
        "insecure`, and exits 5. use_symlink_paths changes nothing (measured); 2.2.7 follows the link.",
        remedy="write the path without the link, like /usr/bin",
        version=Version(2, 3, 3),
        example=_notify("/bin/take"),
        repaired=_notify("/usr/bin/take"),
        check=check(Code.LINKED_DIRECTORY),
    ),
)
