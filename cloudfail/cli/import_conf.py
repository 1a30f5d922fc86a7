"""Write the cloudfail.toml that generates what a keepalived.conf of today does.

cloudfail import /etc/keepalived/keepalived.conf            one node; its peers get stand-ins
cloudfail import a/keepalived.conf b/keepalived.conf        all nodes of a pair, a file each
cloudfail import a.conf b.conf --write cloudfail.toml --extras extras.conf --secrets .

What could not be carried over as it was is noted on standard error, by file and line. The old
notify_master script is read, never run, for the addresses and routes that it moves.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cloudfail.cli import messages
from cloudfail.cli import parser as flags
from cloudfail.cli.document import document, print_document
from cloudfail.cli.output import show
from cloudfail.errors import ConfigError, UsageError
from cloudfail.keepalived.importer import Imported, Note, Scripts, import_files
from cloudfail.keepalived.importer.script import read_script_file
from cloudfail.line import one_line

PUBLIC, PRIVATE = 0o644, 0o600


def configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        type=flags.filled,
        help="the keepalived.conf of each node; one with @ conditions is that of several",
    )
    what = parser.add_argument_group("what to make of it")
    what.add_argument(
        "--provider", metavar="NAME", type=flags.filled, default="aws", help="default: aws"
    )
    script = what.add_mutually_exclusive_group()
    script.add_argument(
        "--script",
        metavar="FILE",
        type=flags.filled,
        help="the old script to read for claims; default: the one that notify_master names",
    )
    script.add_argument("--no-script", action="store_true", help="read no script")
    where = parser.add_argument_group("where it goes")
    where.add_argument(
        "--write", metavar="FILE", type=flags.filled, help="the toml; default: standard output"
    )
    where.add_argument(
        "--extras",
        metavar="DIR",
        type=flags.filled,
        help="conf.d/ and instance.d/: what the toml has no word for, secrets in it as they stood",
    )
    where.add_argument(
        "--secrets", metavar="DIR", type=flags.filled, help="each auth_pass, mode 0600"
    )
    where.add_argument("--force", action="store_true", help="write over files that are there")
    flags.add_output(parser)
    flags.add_debug(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Exit 0 whatever the notes say; 78: nothing valid can be made of the files."""
    paths = [Path(name) for name in args.files]
    if len({os.path.realpath(path) for path in paths}) < len(paths):
        raise UsageError("the same file is named twice; name one file for each node")
    found = import_files(paths, provider=args.provider, scripts=_scripts(args))
    files = tuple(_files(args, found))
    _check_new(files, force=args.force)
    for path, text, mode in files:
        _write(path, text, mode)
    if args.output == "json":
        _print_json(args, found, [str(path) for path, _, _ in files])
    else:
        _print(args, found, [str(path) for path, _, _ in files])
    return 0


def _scripts(args: Namespace) -> Scripts:
    if not args.script:
        return Scripts(read=not args.no_script)
    path = Path(args.script)
    try:
        path.open("rb").close()
    except OSError as error:
        raise ConfigError(
            f"{path}: {error.strerror}; name the old notify_master script, or --no-script"
        ) from error
    if read_script_file(path) is None:
        raise ConfigError(f"{path}: it is no text; name the old notify_master script")
    return Scripts(given=path)


def _files(args: Namespace, found: Imported) -> Iterator[tuple[Path, str, int]]:
    if args.write:
        yield Path(args.write), found.toml, PUBLIC
    if args.extras:
        for name, text in found.extras.items():
            yield Path(args.extras) / name, text, PRIVATE
    if args.secrets:
        for name, secret in found.secrets.items():
            yield Path(args.secrets) / f"{name}.secret", f"{secret.value}\n", PRIVATE


def _check_new(files: tuple[tuple[Path, str, int], ...], *, force: bool) -> None:
    """Nothing is written when one of the files is there already."""
    for path, _, _ in files:
        if not force and os.path.lexists(path):
            raise ConfigError(f"{path}: it is there already; name another file, or --force")


def _write(path: Path, text: str, mode: int) -> None:
    from cloudfail.keepalived.generate.install import replace

    try:
        replace(path, text, mode)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; name a place that can be written") from error


def _print(args: Namespace, found: Imported, written: list[str]) -> None:
    if not args.write:
        show(found.toml, end="")
    for line in _folded(found.notes):
        messages.listed(line)
    messages.listed("the generator adds, for every instance:")
    for sentence in found.additions:
        messages.listed(f"  {sentence}")
    for hint in _hints(args, found):
        messages.listed(hint)
    for path in written:
        messages.listed(f"{path}: written")


def _folded(notes: Sequence[Note]) -> Iterator[str]:
    """Yield each thing once, where it is first; the files of a pair say most things twice."""
    same: dict[tuple[str, str, str], list[Note]] = {}
    for note in notes:
        same.setdefault((note.kind, note.what, note.why), []).append(note)
    for first, *others in same.values():
        places = ", ".join(str(one.place) for one in others)
        yield one_line(f"{first} ({places} too)") if places else str(first)


def _hints(args: Namespace, found: Imported) -> Iterator[str]:
    if found.extras and not args.extras:
        names = " and ".join(found.extras)
        yield f"{names}: written by --extras DIR, which goes to /etc/keepalived"
    if found.secrets and not args.secrets:
        names = ", ".join(f"{name}.secret" for name in found.secrets)
        yield f"the secrets are written by --secrets DIR ({names}); each belongs into /etc/cloudfail"


def _print_json(args: Namespace, found: Imported, written: list[str]) -> None:
    print_document(
        document(
            "import",
            changed=bool(written),
            files=args.files,
            toml=found.toml,
            notes=[_value(note) for note in found.notes],
            additions=list(found.additions),
            written=written,
            exit_code=0,
        )
    )


def _value(note: Note) -> dict[str, Any]:
    return {
        "file": note.place.file,
        "line": note.place.line,
        "kind": note.kind,
        "what": note.what,
        "why": note.why,
    }
