"""Files that keepalived is asked to run: each row of what it accepts, drops, or starts in vain."""

from __future__ import annotations

import os
import pwd
import venv
from collections.abc import Callable
from pathlib import Path

from keepalived.command.daemon import Line

NOBODY = pwd.getpwnam("nobody")
UID, GID = NOBODY.pw_uid, NOBODY.pw_gid
USER, GROUP = "nobody", "nogroup"


class Place:
    """A directory of one case; `marks` is where what ran says so."""

    def __init__(self, base: Path, name: str, marks: Path) -> None:
        self.name = name
        self.marks = marks
        self.top = base / name
        self.make(self.top)

    @staticmethod
    def make(path: Path, mode: int = 0o755, uid: int = 0, gid: int = 0) -> Path:
        path.mkdir(exist_ok=True)
        os.chown(path, uid, gid)
        path.chmod(mode)
        return path

    def script(
        self,
        path: Path | None = None,
        mode: int = 0o755,
        uid: int = 0,
        gid: int = 0,
        first: str = "#!/bin/bash\n",
    ) -> Path:
        path = path or self.top / "run.sh"
        path.write_text(f'{first}printf \'%s\\0\' "$0" "$@" > {self.marks}/{self.name}\n')
        os.chown(path, uid, gid)
        path.chmod(mode)
        return path

    def line(self, path: Path | str, user: str = "root", group: str = "") -> Line:
        return Line(self.name, str(path), user, group)


Build = Callable[[Place], Line]


def file(mode: int = 0o755, uid: int = 0, gid: int = 0, *who: str, first: str = "") -> Build:
    def build(at: Place) -> Line:
        script = at.script(mode=mode, uid=uid, gid=gid, first=first or "#!/bin/bash\n")
        return at.line(script, *who)

    return build


def directory(mode: int, uid: int = 0, gid: int = 0, *who: str, script: int = 0o755) -> Build:
    def build(at: Place) -> Line:
        inner = at.make(at.top / "in")
        path = at.script(inner / "run.sh", script)
        at.make(inner, mode, uid, gid)
        return at.line(path, *who)

    return build


def link(name: str = "run.sh", mode: int = 0o755, beside: str = "") -> Build:
    """A link in a directory of that mode, to a script that is safe."""

    def build(at: Place) -> Line:
        target = at.script(at.make(at.top / "target") / "run.sh")
        links = at.make(at.top / "links", mode)
        (links / name).symlink_to(target)
        if beside == "hard":
            (target.parent / name).hardlink_to(target)
        elif beside == "other":
            at.script(target.parent / name, first="#!/bin/bash\nexit\n")
        elif beside:
            (target.parent / name).symlink_to(target)
        return at.line(links / name)

    return build


def special(make: Callable[[Path], object], *who: str) -> Build:
    def build(at: Place) -> Line:
        make(at.top / "odd")
        return at.line(at.top / "odd", *who)

    return build


def text(command: str) -> Build:
    """A command with `{}` for a script that is safe."""
    return lambda at: at.line(command.replace("{}", str(at.script())))


def user(*who: str) -> Build:
    return lambda at: at.line(at.script(), *who)


def bare(name: str = "run.sh", mode: int = 0o755) -> Build:
    def build(at: Place) -> Line:
        bin_directory = at.make(at.top.parent / "bin")
        at.script(bin_directory / f"{at.name}-{name}", mode)
        return at.line(f"{at.name}-{name} a")

    return build


def in_venv(how: str) -> Build:
    def build(at: Place) -> Line:
        home = at.top / "venv"
        venv.EnvBuilder(with_pip=False, symlinks=True).create(home)
        text = f"import sys\nopen('{at.marks}/{at.name}', 'w').write(sys.prefix)\n"
        first = f"#!{home}/bin/python\n" if how != "python" else ""
        script = home / "bin/tool"
        script.write_text(first + text)
        script.chmod(0o755)
        if how == "python":
            return at.line(f"{home}/bin/python {script}")
        if how == "link":
            (at.top / "tool").symlink_to(script)
            return at.line(at.top / "tool")
        return at.line(script)

    return build


def fifo(path: Path) -> None:
    os.mkfifo(path)
    path.chmod(0o755)


CASES: dict[str, Build] = {
    "plain": file(),
    "group_root_writable": file(0o775),
    "group_other_writable": file(0o775, 0, GID),
    "world_writable": file(0o757),
    "group_and_world": file(0o777),
    "foreign_owner": file(0o755, UID),
    "foreign_directory": directory(0o755, UID),
    "open_directory": directory(0o777),
    "group_directory": directory(0o775, 0, GID),
    "group_root_directory": directory(0o775),
    "sticky_directory": directory(0o1777),
    "sticky_foreign": directory(0o1777, UID),
    "sticky_file": file(0o1757),
    "own_of_nobody": file(0o755, UID, GID, USER, GROUP),
    "open_for_nobody": directory(0o777, 0, 0, USER, GROUP),
    "nobody_with_root_group": file(0o755, UID, GID, USER, "root"),
    "nobody_alone": file(0o755, UID, GID, USER),
    "closed_directory": directory(0o700, 0, 0, USER, GROUP),
    "closed_for_root": directory(0o700),
    "unread_directory": directory(0o711, 0, 0, USER, GROUP),
    "setuid_in_open": directory(0o777, 0, 0, USER, GROUP, script=0o4755),
    "setgid_in_open": directory(0o777, 0, 0, USER, GROUP, script=0o2755),
    "link_same_name": link(),
    "link_other_name": link("other.sh"),
    "link_beside": link("other.sh", beside="link"),
    "link_beside_hard": link("other.sh", beside="hard"),
    "link_beside_other": link("other.sh", beside="other"),
    "link_in_open": link(mode=0o777),
    "link_broken": special(lambda path: path.symlink_to("nowhere")),
    "link_loop": special(lambda path: path.symlink_to("odd")),
    "under_a_file": text("{}/below"),
    "trailing_slash": text("{}/"),
    "dots": text("{}/../run.sh"),
    "two_slashes": lambda at: at.line(f"{at.top}//./../{at.name}//{at.script().name}"),
    "missing": text("{}.not"),
    "directory_for_root": special(Path.mkdir),
    "directory_for_nobody": special(Path.mkdir, USER, GROUP),
    "fifo_for_root": special(fifo),
    "not_executable": file(0o644),
    "executable_for_owner": file(0o744, 0, 0, USER, GROUP),
    "executable_for_group": file(0o754, 0, GID, USER, GROUP),
    "not_for_the_owner": file(0o655, UID, GID, USER, GROUP),
    "any_bit_for_root": file(0o645),
    "unreadable_script": file(0o711, 0, 0, USER, GROUP),
    "no_shebang": file(first="\n"),
    "no_interpreter": file(first="#!/no/such/shell\n"),
    "dos_line": file(first="#!/bin/bash\r\n"),
    "env_bash": file(first="#!/usr/bin/env bash\n"),
    "env_two_words": file(first="#!/usr/bin/env bash -e\n"),
    "env_split": file(first="#!/usr/bin/env -S bash -e\n"),
    "env_nothing": file(first="#!/usr/bin/env no-such-shell\n"),
    "by_bash": text("/bin/bash {} a"),
    "by_bash_missing": text("/bin/bash {}.not"),
    "by_env": text("/usr/bin/env A=b bash {} a"),
    "bare": bare(),
    "bare_not_executable": bare(mode=0o644),
    "bare_nowhere": text("no-such-program-anywhere"),
    "relative": lambda at: at.line(str(at.script()).lstrip("/")),
    "user_unknown": user("no_such_user"),
    "group_unknown": user("root", "no_such_group"),
    "by_number": user("0"),
    "quoted": text(r"""{} 'a b' "c d" '' e\ f 'it\'s'"""),
    "escaped": text(r"{} \x41\102\tx\\ \q\E[\cZ a\x4g \8\60"),
    "shell_signs": text("{} $HOME ~ * ; | && >x #z !c"),
    "joined": text("{} a'b'c''"),
    "lone_quote": text("{} a '"),
    "quote_after_escape": text(r"{} 'b\'"),
    "open_quote": text("{} 'a b"),
    "open_double": text('{} "a b'),
    "ends_in_backslash": text("{} a\\"),
    "venv_python": in_venv("python"),
    "venv_tool": in_venv("tool"),
    "venv_link": in_venv("link"),
}
