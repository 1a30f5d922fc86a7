"""`keepalived -t` on files that are not in place yet."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import tempfile
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath

from cloudfail import process
from cloudfail.errors import ConfigError
from cloudfail.keepalived.generate.agent import handovers_of
from cloudfail.keepalived.generate.difference import Change, beneath
from cloudfail.keepalived.generate.files import GeneratedFile
from cloudfail.keepalived.generate.keepalived_conf import include_patterns
from cloudfail.keepalived.generate.site import Site
from cloudfail.keepalived.version import find_keepalived

_SECONDS = 60
_RUNTIME = "/run/cloudfail"
# Who runs scripts, also in what the include brings in.
_USER = re.compile(rb"(?m)^([ \t]*(?:script_user|user)[ \t]+)\S.*$")
_NO_SCRIPT_SECURITY = 6  # keepalived -t: nothing wrong, but scripts run without script security


def try_out(
    site: Site, files: Sequence[GeneratedFile], changes: Sequence[Change], root: Path
) -> None:
    """Let keepalived test the files, with what else its configuration includes on this machine.

    Raises ConfigError with keepalived's own words when it finds anything, or is not installed.
    """
    keepalived = find_keepalived()
    if not keepalived:
        raise ConfigError(
            "keepalived is not installed here, so that nothing can be tested before it is "
            "installed: apt-get install keepalived, or --no-test"
        )
    with tempfile.TemporaryDirectory(prefix="cloudfail-") as name:
        stage = Path(name)
        with _reported():
            _furnish(site, files, changes, root, stage)
        done = _tested(keepalived, stage)
        if done.returncode == -signal.SIGTERM and not done.stderr:
            _let_root_run_scripts(stage)
            done = _tested(keepalived, stage)
    allowed = {0} if site.config.keepalived.enable_script_security else {0, _NO_SCRIPT_SECURITY}
    if done.returncode not in allowed:
        said = (done.stderr or done.stdout).strip().replace(f"{stage}/", "").replace("\n", "; ")
        raise ConfigError(
            f"keepalived -t refuses the new files (exit code {done.returncode}): {said}; nothing was "
            "changed. Correct the configuration, or what the include brings in"
        )


@contextlib.contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"{error.filename or tempfile.gettempdir()}: {error.strerror}, while the test was set "
            "up; nothing was changed. Make room there, or --no-test"
        ) from error


def _tested(keepalived: str, stage: Path) -> process.CompletedProcess[str]:
    try:
        return process.run(
            [keepalived, "-t", "-f", str(stage / "keepalived.conf")],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, process.TimeoutExpired) as error:
        why = getattr(error, "strerror", None) or f"no answer within {_SECONDS} s"
        raise ConfigError(
            f"{keepalived} -t: {why}; nothing was changed. Install keepalived anew, or --no-test"
        ) from error


def _let_root_run_scripts(stage: Path) -> None:
    """Test again without users: at a script that is not root's, `-t` of 2.2.7 kills itself.

    By SIGTERM, once it has read everything and found all users (measured; acassen/keepalived#2180).
    """
    for path in stage.rglob("*"):
        if path.is_file():
            path.write_bytes(_USER.sub(rb"\1root", path.read_bytes()))


def _furnish(
    site: Site,
    files: Sequence[GeneratedFile],
    changes: Sequence[Change],
    root: Path,
    stage: Path,
) -> None:
    """Write keepalived's files beneath the stage, and let them include one another there."""
    directory = site.config.keepalived.directory
    own = [file for file in files if PurePosixPath(file.path).is_relative_to(directory)]
    for file in own:
        target = stage / PurePosixPath(file.path).relative_to(directory)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch(mode=file.mode)
        text = file.text.replace(f"include {directory}/", f"include {stage}/")
        # keepalived 2.3 wants the directory of a track_file; this one is made by systemd-tmpfiles.
        text = text.replace(f'file "{_RUNTIME}/', f'file "{stage}/')
        target.write_text(text, encoding="utf-8")
    for tracked in handovers_of(site):
        staged = stage / PurePosixPath(tracked.file).relative_to(_RUNTIME)
        staged.parent.mkdir(parents=True, exist_ok=True)
    ours = {beneath(root, file.path) for file in own} | {change.path for change in changes}
    patterns = map(PurePosixPath, include_patterns(site))
    for place in (PurePosixPath(directory), *(pattern.parent for pattern in patterns)):
        target = stage / place.relative_to(directory)
        target.mkdir(parents=True, exist_ok=True)
        _copy(beneath(root, str(place)), target, ours)


def _copy(source: Path, target: Path, ours: Collection[Path]) -> None:
    """Copy what is there, wherever it is: an included file may include others beside it."""
    for path in source.rglob("*"):
        copy = target / path.relative_to(source)
        if path.is_file() and path not in ours and not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # another install is at work
                shutil.copy2(path, copy)
