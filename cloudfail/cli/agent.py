"""Stay resident: hear VRRP, keep everything ready, make the cloud follow, and never let go.

One process a node serves every instance of the configuration. systemd starts it
(cloudfail-agent.service, which `generate` writes); SIGHUP reads the configuration again, SIGTERM
ends it at a safe point within a second. Nothing is released when it ends.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path

from cloudfail.cli import parser as flags


def configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=flags.filled,
        help="default: CLOUDFAIL_CONFIG or /etc/cloudfail/cloudfail.toml",
    )
    parser.add_argument(
        "--node",
        metavar="NAME",
        type=flags.filled,
        help="which configured node this is; default: by its addresses",
    )
    flags.add_debug(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Run until a signal ends it."""
    from cloudfail.agent.main import run as run_agent
    from cloudfail.cli.answers import answering
    from cloudfail.config import DEFAULT_PATH

    path = Path(args.config or os.environ.get("CLOUDFAIL_CONFIG") or DEFAULT_PATH)
    node = args.node or os.environ.get("CLOUDFAIL_NODE", "")
    code: int = run_agent(path, os.environ, node, answering)
    return code
