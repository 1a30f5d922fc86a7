"""Show what past runs did, from the journal, oldest first."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cloudfail.cli import parser as flags
from cloudfail.cli.document import document, print_document
from cloudfail.cli.output import show
from cloudfail.cli.table import render_table
from cloudfail.config import DEFAULT_PATH, examine, is_there, without_file
from cloudfail.errors import ConfigError
from cloudfail.journal import Entry, Reading, scan

_DEFAULT_LIMIT = 50
# The first that a line has says what it is about; the others come after it.
_WHAT = ("summary", "claims", "digest", "text")
_MORE = (("error", "{}"), ("owner", "owner {}"), ("role", "role {}"), ("exit_code", "exit code {}"),
         ("calls", "{} calls"), ("duration_ms", "{} ms"), ("attempts", "attempt {}"),
         ("request_id", "request {}"))  # fmt: skip


def configure(parser: ArgumentParser) -> None:
    flags.add_selection(parser)
    parser.add_argument(
        "--journal", metavar="FILE", type=flags.filled, help="default: journal.path of the file"
    )
    parser.add_argument(
        "--run", dest="run_id", metavar="ID", type=flags.filled, help="only this run, all of it"
    )
    parser.add_argument(
        "--limit",
        metavar="N",
        type=_count,
        default=None,
        help=f"only the newest N lines; default: {_DEFAULT_LIMIT}, or a whole run",
    )
    flags.add_output(parser)
    flags.add_debug(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    path = _path(args)
    reading = _read(args, path)
    if args.output == "json":
        entries = [_value(entry) for entry in reading.entries]
        print_document(
            document(
                "history",
                journal=str(path),
                entries=entries,
                skipped=reading.skipped,
                exit_code=0,
            )
        )
    else:
        _print_table(args, path, reading)
    return 0


def _read(args: Namespace, path: Path) -> Reading:
    limit = args.limit or (None if args.run_id else _DEFAULT_LIMIT)
    try:
        reading = scan(path, instance=args.instance, limit=None if args.run_id else limit)
    except OSError as error:
        raise ConfigError(
            f"journal {path}: {error.strerror}; read it as root, or as its group"
        ) from error
    entries = tuple(one for one in reading.entries if args.run_id in (None, one.run_id))
    return Reading(entries[-limit:] if limit else entries, reading.skipped)


def _path(args: Namespace) -> Path:
    import os

    if args.journal:
        if not is_there(Path(args.journal)):
            raise ConfigError(f"journal {args.journal}: no such file; correct --journal")
        return Path(args.journal)
    wanted = args.config or os.environ.get("CLOUDFAIL_CONFIG")
    if wanted or is_there(DEFAULT_PATH):
        # What else is wrong with the file may be the very reason for looking here.
        config, _ = examine(Path(wanted or DEFAULT_PATH))
        return config.journal.path
    return without_file().journal.path


def _print_table(args: Namespace, path: Path, reading: Reading) -> None:
    of = f" of instance {args.instance}" if args.instance else ""
    missing = f"no run {args.run_id}{of}" if args.run_id else f"no runs{of}"
    if not reading.entries:
        show(f"{missing} in {path}")
    else:
        rows = [
            (one.time, one.run_id, one.instance, str(one.generation), one.event, _what(one))
            for one in reading.entries
        ]
        show(render_table(("TIME", "RUN", "INSTANCE", "GEN", "EVENT", "WHAT"), rows))
    if reading.skipped:
        show(f"{reading.skipped} lines were torn or garbage, and skipped")


def _what(entry: Entry) -> str:
    fields = entry.fields
    first = [_text(fields[name]) for name in _WHAT if fields.get(name)][:1]
    more = [form.format(_text(fields[name])) for name, form in _MORE if _tells(name, fields)]
    return "; ".join([*first, *more])


def _tells(name: str, fields: Mapping[str, Any]) -> bool:
    """What is empty or zero says nothing, but for an exit code; nor does a first attempt."""
    value = fields.get(name)
    if name == "exit_code":
        return value is not None
    return bool(value) and (name, value) != ("attempts", 1)


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _value(entry: Entry) -> dict[str, Any]:
    head = {name: getattr(entry, name) for name in ("time", "event", "run_id", "instance", "node")}
    return {**head, "generation": entry.generation, **entry.fields}


def _count(text: str) -> int:
    if not flags.is_count(text) or int(text) == 0:
        raise ArgumentTypeError(f'"{text}" is not a number of lines, like 20')
    return int(text)
