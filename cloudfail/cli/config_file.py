"""Check cloudfail.toml, or print its JSON Schema.

`check` names everything that is wrong, a line each: file, key, what, remedy. Exit code 0 or 78.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from cloudfail.cli import parser as flags
from cloudfail.cli.document import document, print_document
from cloudfail.config import DEFAULT_PATH, examine
from cloudfail.config.problems import Problem
from cloudfail.errors import ConfigError


def configure(parser: ArgumentParser) -> None:
    what = parser.add_subparsers(dest="what", metavar="WHAT", required=True, title="what")
    check = what.add_parser("check", help="name everything that is wrong with the file")
    check.add_argument(
        "--config",
        metavar="FILE",
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
    config, problems = examine(path)
    code = ConfigError.exit_code if problems else 0
    if args.output == "json":
        print_document(
            document(
                "config check",
                path=str(path),
                valid=not problems,
                instances=sorted(config.instances),
                problems=[_value(problem) for problem in problems],
                exit_code=code,
            )
        )
        return code
    for problem in problems:
        print(problem, file=sys.stderr)
    counted = f"instances: {', '.join(config.instances) or 'none'}"
    print(f"{path}: {len(problems)} problems" if problems else f"{path}: valid, {counted}")
    return code


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
