"""Check cloudfail.toml, or print its JSON Schema.

`check` names everything that is wrong, a line each: file, key, what, remedy. Exit code 0 or 78.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cloudfail.cli import messages
from cloudfail.cli import parser as flags
from cloudfail.cli.document import document, error_value, print_document
from cloudfail.cli.output import show
from cloudfail.config import DEFAULT_PATH, Config, Instance, examine
from cloudfail.config.problems import Problem
from cloudfail.errors import ConfigError


def configure(parser: ArgumentParser) -> None:
    what = parser.add_subparsers(dest="what", metavar="WHAT", required=True, title="what")
    check = what.add_parser("check", help="name everything that is wrong with the file")
    check.add_argument(
        "--config",
        metavar="FILE",
        type=flags.filled,
        help="default: CLOUDFAIL_CONFIG or /etc/cloudfail/cloudfail.toml",
    )
    flags.add_output(check)
    flags.add_debug(check)
    check.set_defaults(run=run_check)
    schema = what.add_parser("schema", help="print the file's JSON Schema, for editors")
    flags.add_debug(schema)
    schema.set_defaults(run=run_schema)


def run_check(args: Namespace) -> int:
    path = Path(args.config or os.environ.get("CLOUDFAIL_CONFIG") or DEFAULT_PATH)
    try:
        config, problems = examine(path)
    except ConfigError as error:  # it cannot be read at all, or is no TOML
        if args.output != "json":
            raise
        message = str(error).removeprefix(f"{path}: ")
        problems = (Problem(str(path), "", message),)
        return _print_json(path, Config(path=path), problems, error=error_value(error))
    if args.output == "json":
        return _print_json(path, config, problems)
    for problem in problems:
        messages.listed(str(problem))
    counted = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    show(f"{path}: {counted}" if problems else f"{path}: valid, instances: {_listed(config)}")
    return _code(problems)


def _code(problems: Sequence[Problem]) -> int:
    return ConfigError.exit_code if problems else 0


def _print_json(
    path: Path,
    config: Config,
    problems: Sequence[Problem],
    error: Mapping[str, Any] | None = None,
) -> int:
    print_document(
        document(
            "config check",
            path=str(path),
            valid=not problems,
            instances=sorted(config.instances),
            problems=[_value(problem) for problem in problems],
            error=error,
            exit_code=_code(problems),
        )
    )
    return _code(problems)


def _listed(config: Config) -> str:
    return ", ".join(map(_counted, config.instances.values())) or "none"


def _counted(instance: Instance) -> str:
    count = len(instance.claims)
    return f"{instance.name} ({count or 'no'} claim{'s' if count != 1 else ''})"


def run_schema(args: Namespace) -> int:
    del args
    from cloudfail.config.schema import json_schema

    print_document(json_schema())
    return 0


def _value(problem: Problem) -> dict[str, Any]:
    return {
        "source": problem.source,
        "key": problem.key,
        "message": problem.message,
        "remedy": problem.remedy,
    }
