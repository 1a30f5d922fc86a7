"""Write what keepalived and the host of a node need, from cloudfail.toml.

cloudfail generate                              for the node that this machine is, to stdout
cloudfail generate --node a --diff              what --install would change; exit 0 or 2
cloudfail generate --install --reload           test, replace with a backup, and take it up
cloudfail generate --all --output-dir nodes     every node's files, each in a tree of its own
"""

from __future__ import annotations

import io
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cloudfail.cli import messages
from cloudfail.cli import parser as flags
from cloudfail.cli.output import show
from cloudfail.config import DEFAULT_PATH, Config, load
from cloudfail.errors import ConfigError, UsageError
from cloudfail.keepalived.generate import (
    Generated,
    Site,
    files_of,
    names_of,
    node_here,
    real_server_site,
    secret_of,
    site_of,
)
from cloudfail.keepalived.version import (
    Version,
    check_supported,
    installed_version,
    parse_version,
)

if TYPE_CHECKING:
    from cloudfail.keepalived.generate.difference import Change
    from cloudfail.keepalived.generate.reload import Command

PENDING = 2
OUTPUTS = ("conf", "files", "cloud-init")


def configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=flags.filled,
        help="default: CLOUDFAIL_CONFIG or /etc/cloudfail/cloudfail.toml",
    )
    which = parser.add_argument_group("for which node").add_mutually_exclusive_group()
    which.add_argument(
        "--node", metavar="NAME", type=flags.filled, help="default: by this machine's addresses"
    )
    which.add_argument(
        "--real-server",
        action="store_true",
        help="a machine that serves behind the nodes (LVS), and is none itself",
    )
    which.add_argument("--all", action="store_true", help="every node; with --output-dir")
    how = parser.add_argument_group("how")
    how.add_argument(
        "--keepalived-version",
        metavar="VERSION",
        type=flags.filled,
        help="the oldest one among the nodes, 2.0 to 2.4; default: the installed one",
    )
    where = how.add_mutually_exclusive_group()
    where.add_argument(
        "--output",
        choices=OUTPUTS,
        help="conf: keepalived.conf; files: all of them; cloud-init: user data; default: conf",
    )
    where.add_argument(
        "--output-dir", metavar="DIR", type=flags.filled, help="write each file beneath DIR/NODE/"
    )
    where.add_argument("--diff", action="store_true", help="show what --install would change")
    where.add_argument("--install", action="store_true", help="put the files in place")
    how.add_argument("--reload", action="store_true", help="with --install: take changes up")
    how.add_argument(
        "--no-test", action="store_true", help="with --install: without `keepalived -t` before"
    )
    how.add_argument(
        "--root", metavar="DIR", type=flags.filled, help="install into the image mounted at DIR"
    )
    flags.add_debug(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Exit 0; 2: --diff found changes; 78: the configuration asks for what cannot be."""
    _check_flags(args)
    path = Path(args.config or os.environ.get("CLOUDFAIL_CONFIG") or DEFAULT_PATH)
    config = load(path)
    if args.output_dir:
        return _write_trees(args, config)
    site = _site(args, config)
    if args.diff:
        return _diff(site, _root(args))
    if args.install:
        return _install(args, site)
    return _print(args.output or OUTPUTS[0], site)


def _check_flags(args: Namespace) -> None:
    if args.all and not args.output_dir:
        raise UsageError("--all writes several nodes' files: add --output-dir DIR")
    for flag, needs in (("reload", "install"), ("no_test", "install")):
        if getattr(args, flag) and not getattr(args, needs):
            raise UsageError(f"--{flag.replace('_', '-')} belongs to --{needs}")
    if args.root and not (args.install or args.diff):
        raise UsageError("--root belongs to --install and --diff")
    if args.real_server and (args.output_dir or args.output in {"conf", "cloud-init"}):
        raise UsageError("--real-server has no keepalived.conf: use --output files or --install")
    if args.root and args.reload:
        raise UsageError("--reload is for this machine, --root for an image: leave one out")


def _site(args: Namespace, config: Config) -> Site:
    if args.real_server:
        return real_server_site(config)
    return site_of(config, _name(args, config), _version(args))


def _name(args: Namespace, config: Config) -> str:
    return args.node or os.environ.get("CLOUDFAIL_NODE") or node_here(config)


def _version(args: Namespace) -> Version:
    if args.keepalived_version:
        version = parse_version(args.keepalived_version)
    else:
        found = installed_version()
        if found is None:
            raise ConfigError(
                "keepalived is not installed here, so its version is unknown; say the oldest one "
                "among the nodes: --keepalived-version 2.2.7"
            )
        version = found
    check_supported(version)
    return version


def _root(args: Namespace) -> Path:
    return Path(args.root or "/")


def _print(output: str, site: Site) -> int:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # it is a file, whatever the terminal speaks
    generated = _redacted(site)
    if output == "cloud-init":
        from cloudfail.keepalived.generate.cloud_init import cloud_init

        show(cloud_init(site, generated), end="")
    elif output == "files" or not site.members:
        for file in generated.files:
            show(f"# ==> {file.path} (mode {file.mode:04o})\n{file.text}")
    else:
        show(whole_conf(generated, site), end="")
    return 0


def whole_conf(generated: Generated, site: Site) -> str:
    """Return keepalived.conf with its instances in it, also where they have files of their own."""
    from msgspec.structs import replace

    shared = site.config.keepalived
    if not shared.file_per_instance:
        return generated.main.text
    config = replace(site.config, keepalived=replace(shared, file_per_instance=False))
    return files_of(replace(site, config=config)).main.text


def _redacted(site: Site) -> Generated:
    generated = files_of(site)
    _tell_missing(generated)
    return generated


def _tell_missing(generated: Generated) -> None:
    for sentence in generated.missing:
        messages.say(f"warning: {sentence}")


def _write_trees(args: Namespace, config: Config) -> int:
    from cloudfail.keepalived.generate.install import replace

    version = _version(args)
    names = names_of(config) if args.all else (_name(args, config),)
    for name in names:
        site = site_of(config, name, version)
        generated = files_of(site, secret_of)
        _tell_missing(generated)
        for file in generated.files:
            target = Path(args.output_dir) / name / file.path.lstrip("/")
            try:
                replace(target, file.text, file.mode)
            except OSError as error:
                raise ConfigError(
                    f"{target}: {error.strerror}; name a directory that can be written"
                ) from error
        show(f"{Path(args.output_dir) / name}: {len(generated.files)} files")
    return 0


def _diff(site: Site, root: Path) -> int:
    from cloudfail.keepalived.generate.difference import changes_of, diff_of

    generated = files_of(site, secret_of)
    _tell_missing(generated)
    changes = changes_of(site, generated.files, root)
    for change in changes:
        show(diff_of(change))
    return PENDING if changes else 0


def _install(args: Namespace, site: Site) -> int:
    from cloudfail.keepalived.generate.reload import commands_for, in_words, reload

    changes, backup = _put_in_place(args, site)
    for change in changes:
        show(f"{change.path}: {change.word}")
    agent = site.config.agent
    has_agent = agent.enabled and bool(site.members)
    commands = commands_for(changes, site.config.keepalived.directory, agent=has_agent)
    if not changes:
        return _take_up_settings(args, site, commands if args.reload else ())
    if backup is not None:
        show(f"what was there before is in {backup}")
    if args.reload:
        reload(commands, agent_socket=agent.socket)
        show("keepalived and the system have taken it up")
    elif commands and not args.root:
        show(f"not taken up yet: {in_words(commands)}")
    return 0


def _take_up_settings(args: Namespace, site: Site, commands: Sequence[Command]) -> int:
    """No file differs, but cloudfail.toml says more than stands in them: what is claimed."""
    from cloudfail.keepalived.generate.reload import reload

    reload(commands, agent_socket=site.config.agent.socket)
    more = "; the agent has read its settings anew" if commands else ", and nothing to take up"
    show(f"{site.name}: nothing to change{more if args.reload else ''}")
    return 0


def _put_in_place(args: Namespace, site: Site) -> tuple[Sequence[Change], Path | None]:
    """Test the files and install them. A signal ends the test, but waits for the installation."""
    from cloudfail.cli.stop import EndedBySignal, Stopper
    from cloudfail.keepalived.generate.difference import changes_of
    from cloudfail.keepalived.generate.install import install
    from cloudfail.keepalived.generate.trial import try_out

    root = _root(args)
    with Stopper() as stopper:
        generated = files_of(site, secret_of)
        _tell_missing(generated)
        changes = changes_of(site, generated.files, root)
        if changes and site.members and not args.no_test:
            try_out(site, generated.files, changes, root)
        stopper.begin()
        backup = install(site, changes, root)
    if stopper.stopped:
        raise EndedBySignal(f"{stopper.stopped}: the files are in place, and not taken up yet")
    return changes, backup
