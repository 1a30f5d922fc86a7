"""Print a completion script.

cloudfail completion bash > /etc/bash_completion.d/cloudfail
cloudfail completion zsh  > /usr/local/share/zsh/site-functions/_cloudfail
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from cloudfail.cli import parser as flags
from cloudfail.cli.output import show
from cloudfail.errors import ConfigError


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"), metavar="bash|zsh|tcsh")
    flags.add_debug(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    try:
        import shtab
    except ImportError as error:
        raise ConfigError(
            "completion needs shtab; install it: pip install 'cloudfail[completion]'"
        ) from error
    from cloudfail.cli.dispatch import build_parser

    show(shtab.complete(build_parser(), args.shell))
    return 0
