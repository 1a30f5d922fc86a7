"""List the clouds that are installed: kinds, SDK, and what is wrong with a broken plugin."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from cloudfail import registry
from cloudfail.cli import parser as flags
from cloudfail.cli.document import document, print_document
from cloudfail.cli.installed import pip_line, sdk_versions
from cloudfail.cli.output import show
from cloudfail.cli.table import render_table
from cloudfail.line import one_line
from cloudfail.registry import Listed


def configure(parser: ArgumentParser) -> None:
    flags.add_output(parser)
    flags.add_debug(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Exit 0, broken plugins or not: they harm no other."""
    listed = [_value(one) for one in registry.available().values()]
    if args.output == "json":
        print_document(document("providers", providers=listed, exit_code=0))
        return 0
    if not listed:
        show("no providers are installed; install one: pip install 'cloudfail[aws]'")
        return 0
    rows = [
        (
            one["name"],
            f"{one['distribution']} {one['version']}",
            ", ".join(one["kinds"]),
            _state(one),
        )
        for one in listed
    ]
    show(render_table(("NAME", "PACKAGE", "KINDS", "STATE"), rows))
    return 0


def _value(listed: Listed) -> dict[str, Any]:
    spec = listed.spec
    sdk = dict(sdk_versions(listed.distribution, spec.extra)) if spec else {}
    missing = sorted(name for name, version in sdk.items() if not version)
    return {
        "name": listed.name,
        "distribution": listed.distribution,
        "version": listed.version,
        "summary": spec.summary if spec else "",
        "kinds": sorted(spec.kinds) if spec else [],
        "sdk": sdk,
        "ready": bool(spec) and not missing,
        "problem": one_line(listed.problem) or (f"{', '.join(missing)} missing" if missing else ""),
        "remedy": pip_line(listed.distribution, spec.extra) if spec and missing else "",
    }


def _state(value: dict[str, Any]) -> str:
    if not value["problem"]:
        return "ready, " + ", ".join(f"{name} {version}" for name, version in value["sdk"].items())
    remedy = f": {value['remedy']}" if value["remedy"] else ""
    return f"{value['problem']}{remedy}"
