"""keepalived, its configuration, and the files around it, as they are on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from cloudfail import process
from cloudfail.doctor.check import Check, Checks, Machine, failed, ok, warning
from cloudfail.doctor.running import is_replaced, running_pid
from cloudfail.errors import ConfigError
from cloudfail.keepalived.generate import Member, Site, files_of, secret_of
from cloudfail.keepalived.generate.difference import Change, beneath, changes_of
from cloudfail.keepalived.generate.files import redacted
from cloudfail.keepalived.lint import confs_of, lint
from cloudfail.keepalived.version import check_supported, find_keepalived
from cloudfail.model import Severity

_SUBJECT = "keepalived"
_OF_SYSTEMD = frozenset({"systemd", "tmpfiles.d", "sysusers.d", "polkit-1"})
_SECONDS = 10.0
_MOST = 10  # findings of lint: one screen; a file that is no configuration has hundreds
# keepalived(8), corrected by measurement: 4 fatal, 5 configuration error, 6 insecure scripts.
_REFUSED = frozenset({4, 5})


def check_keepalived(machine: Machine) -> Checks:
    """Say whether it is installed, of a known version, and running."""
    if machine.version is None:
        yield _unknown()
        return
    try:
        check_supported(machine.version)
    except ConfigError as error:
        yield warning(_SUBJECT, str(error))
    pid = running_pid(machine)
    if pid is None:
        text = f"{machine.version} is installed, and does not run"
        yield warning(_SUBJECT, text, "systemctl start keepalived")
    elif is_replaced(pid):
        text = f"process {pid} still is the one from before the upgrade to {machine.version}"
        yield warning(_SUBJECT, text, "systemctl restart keepalived, on the backups first")
    else:
        yield ok(_SUBJECT, f"{machine.version} runs (process {pid})")


def _unknown() -> Check:
    if found := find_keepalived():
        return failed(_SUBJECT, f"{found} does not say its version", f"{found} --version")
    remedy = "install the package keepalived (apt-get or dnf install keepalived)"
    return failed(_SUBJECT, "is not installed", remedy)


def check_files(machine: Machine) -> Checks:
    """Compare what `cloudfail generate` writes with what is in place."""
    site = machine.site
    if site is None:
        yield warning("generated files", f"not compared: {_why_not(machine)}")
        return
    problems = list(_secret_problems(site))
    yield from problems
    files = files_of(site, redacted if problems else secret_of).files
    hidden = {beneath(machine.root, one.path) for one in files if problems and one.secret}
    changes = [
        one
        for one in changes_of(site, files, machine.root)
        if _matters(one, machine) and one.path not in hidden
    ]
    for change in changes:
        yield _difference(machine, site, change)
    if not changes and not problems:
        yield ok("generated files", f"all in place, as cloudfail.toml has them for {site.name}")


def _why_not(machine: Machine) -> str:
    if machine.version is None:
        return "the version of keepalived is not known"
    return "for no configured node can its files be generated here"


def _secret_problems(site: Site) -> Iterator[Check]:
    """A secret that cannot be read, or that others can, hides no other file."""
    for member in site.members:
        kind = member.instance.vrrp.authentication.type
        error = "" if kind == "none" else _mode_error(member) if kind == "hmac" else _error(member)
        if error:
            yield failed("secret", error)


def _error(member: Member) -> str:
    try:
        secret_of(member)
    except ConfigError as error:
        return str(error)
    return ""


def _mode_error(member: Member) -> str:
    """Say who else can read a key of auth_hmac, which keepalived reads itself."""
    path = member.instance.vrrp.authentication.secret_file or Path()
    try:
        mode = path.stat().st_mode & 0o777
    except OSError as error:
        return f"{path}: {error.strerror}; write the key into it, mode 0600"
    return f"{path} has mode {mode:04o}; chmod 0600 {path}" if mode & 0o077 else ""


def _matters(change: Change, machine: Machine) -> bool:
    """Say whether anybody here reads the file: without systemd nobody reads its own."""
    return machine.has_systemd or not any(part in _OF_SYSTEMD for part in change.path.parts)


def _difference(machine: Machine, site: Site, change: Change) -> Check:
    """What keepalived reads decides who is master; the others are worth a look."""
    directory = beneath(machine.root, site.config.keepalived.directory)
    say = failed if change.path.is_relative_to(directory) else warning
    texts = {
        "new": "is not there",
        "changed": "is not what cloudfail.toml says",
        "removed": "was generated once, and is of nothing that is configured now",
    }
    text = texts[change.word]
    if change.file and change.before == change.file.text and change.mode_before is not None:
        text = f"has mode {change.mode_before:04o}, not {change.file.mode:04o}"
        if change.mode_before == change.file.mode:
            text = f"belongs to user id {change.owner_before[0]}, not to root"
    remedy = f"cloudfail generate --node {site.name} --diff, then --install --reload"
    return say(str(change.path), text, remedy)


def check_lint(machine: Machine) -> Checks:
    """What `cloudfail lint` finds in the file in place, the scripts it runs included."""
    path = _conf(machine)
    if machine.version is None or not path.exists():
        return
    if not path.is_file():
        yield failed(str(path), "is no regular file", f"rm -r {path}, and generate it anew")
        return
    confs = confs_of(path)
    is_root = os.geteuid() == 0  # what others may not look at would seem not to be there
    findings = lint(confs, machine.version, host=confs if is_root else (), root=machine.root)
    serious = [one for one in findings if one.severity in {Severity.ERROR, Severity.WARNING}]
    serious.sort(key=lambda one: one.severity is not Severity.ERROR)
    for one in serious[:_MOST]:
        say = failed if one.severity is Severity.ERROR else warning
        yield say(f"{one.place}", f"{one.code} {one.message}", one.remedy)
    if len(serious) > _MOST:
        text = f"{len(serious) - _MOST} more findings"
        yield warning(str(path), text, f"cloudfail lint {path}")
    if not serious:
        scripts = "every script is safe to run" if is_root else "only root can examine its scripts"
        yield ok(str(path), f"lint has nothing to say, and {scripts}")


def check_test(machine: Machine) -> Checks:
    """What `keepalived -t` says: the last word on what it would read, and silent on the rest.

    2.2.7 ends itself by a signal when a script is not root's (acassen/keepalived#2180): no verdict.
    """
    path = _conf(machine)
    if machine.version is None or not path.is_file():
        return
    done = process.run(
        [find_keepalived(), "-t", "-f", str(path)],
        stdin=process.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode in _REFUSED:
        said = (done.stderr or done.stdout).strip().partition("\n")[0]
        text = f"exit code {done.returncode}: {said or 'it does not say why'}"
        yield failed("keepalived -t", text, f"correct {path}, or generate it anew")


def _conf(machine: Machine) -> Path:
    return machine.path(f"{machine.config.keepalived.directory}/keepalived.conf")
