"""keepalived, its configuration, and the files around it, as they are on this machine."""

from __future__ import annotations

from pathlib import Path

from cloudfail.doctor.check import Check, Checks, Machine, failed, ok, warning
from cloudfail.errors import ConfigError
from cloudfail.keepalived.generate import Site, files_of, secret_of
from cloudfail.keepalived.generate.difference import changes_of
from cloudfail.keepalived.lint import confs_of, lint
from cloudfail.keepalived.version import check_supported
from cloudfail.model import Severity

_SUBJECT = "keepalived"
_OF_SYSTEMD = frozenset({"systemd", "tmpfiles.d", "sysusers.d", "polkit-1"})
_PID_FILES = ("/run/keepalived.pid", "/run/keepalived/keepalived.pid")


def check_keepalived(machine: Machine) -> Checks:
    """Say whether it is installed, of a known version, and running."""
    if machine.version is None:
        yield failed(_SUBJECT, "is not installed", "apt-get install keepalived")
        return
    try:
        check_supported(machine.version)
    except ConfigError as error:
        yield warning(_SUBJECT, str(error))
    pid = running_pid(machine)
    if pid is None:
        yield warning(
            _SUBJECT,
            f"{machine.version} is installed, and does not run",
            "systemctl start keepalived",
        )
        return
    yield ok(_SUBJECT, f"{machine.version} runs (process {pid})")


def running_pid(machine: Machine) -> int | None:
    """Return the process id of the running keepalived, by its pid file; None when it does not run."""
    for name in _PID_FILES:
        try:
            pid = int(machine.path(name).read_text())
        except (OSError, ValueError):
            continue
        if Path(f"/proc/{pid}").is_dir():
            return pid
    return None


def check_files(machine: Machine) -> Checks:
    """Compare what `cloudfail generate` writes with what is in place."""
    site = machine.site
    if site is None:
        yield warning("generated files", "not compared: keepalived's version is not known")
        return
    files = [file for file in files_of(site, secret_of).files if _matters(file.path, machine)]
    changes = changes_of(site, files, machine.root)
    for change in changes:
        yield _difference(site, str(change.path), change.word)
    if not changes:
        yield ok(
            "generated files", f"all in place, as cloudfail.toml has them for node {site.name}"
        )


def _matters(path: str, machine: Machine) -> bool:
    """Say whether anybody here reads the file: without systemd nobody reads its own."""
    has_systemd = machine.path("/run/systemd/system").is_dir()  # sd_booted(3)
    return has_systemd or not any(part in _OF_SYSTEMD for part in Path(path).parts)


def _difference(site: Site, path: str, word: str) -> Check:
    """What keepalived reads decides who is master; the others are worth a look."""
    texts = {
        "new": "is not there",
        "changed": "is not what cloudfail.toml says",
        "removed": "is of an instance that is not configured any more",
    }
    say = failed if path.endswith("keepalived.conf") else warning
    return say(path, texts[word], f"cloudfail generate --node {site.name} --diff, then --install")


def check_lint(machine: Machine) -> Checks:
    """What `cloudfail lint` finds in the file in place, the scripts it runs included."""
    directory = machine.config.keepalived.directory
    path = machine.path(f"{directory}/keepalived.conf")
    if machine.version is None or not path.exists():
        return
    confs = confs_of(path)
    findings = lint(confs, machine.version, host=confs, root=machine.root)
    serious = [one for one in findings if one.severity in {Severity.ERROR, Severity.WARNING}]
    for one in serious:
        say = failed if one.severity is Severity.ERROR else warning
        yield say(f"{one.place}", f"{one.code} {one.message}", one.remedy)
    if not serious:
        yield ok(str(path), "lint has nothing to say, and every script is safe to run")
