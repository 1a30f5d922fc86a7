"""Print the versions of everything involved: for bug reports."""

from __future__ import annotations

import platform
from argparse import ArgumentParser, Namespace
from typing import Any

from cloudfail import __version__, registry
from cloudfail.cli import parser as flags
from cloudfail.cli.document import document, print_document
from cloudfail.cli.installed import sdk_versions
from cloudfail.cli.output import show
from cloudfail.keepalived.version import installed_version
from cloudfail.line import one_line


def configure(parser: ArgumentParser) -> None:
    flags.add_output(parser)
    flags.add_debug(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    plugins = {name: _plugin(one) for name, one in registry.available().items()}
    keepalived = str(installed_version() or "")
    if args.output == "json":
        print_document(
            document(
                "version",
                version=__version__,
                python=platform.python_version(),
                keepalived=keepalived,
                providers=plugins,
                exit_code=0,
            )
        )
        return 0
    show(f"cloudfail {__version__}")
    show(f"python {platform.python_version()}")
    show(f"keepalived {keepalived or 'not installed'}")
    for name, plugin in plugins.items():
        sdk = ", ".join(f"{sdk} {version or 'missing'}" for sdk, version in plugin["sdk"].items())
        show(f"provider {name} {plugin['version']} ({plugin['problem'] or sdk})")
    return 0


def _plugin(listed: registry.Listed) -> dict[str, Any]:
    sdk = dict(sdk_versions(listed.distribution, listed.spec.extra)) if listed.spec else {}
    return {
        "distribution": listed.distribution,
        "version": listed.version,
        "sdk": sdk,
        "problem": one_line(listed.problem),
    }
