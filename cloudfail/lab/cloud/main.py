"""The embedded AWS as a process: `cloudfail lab cloud aws`, `python -m cloudfail.lab.cloud`."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from cloudfail.errors import CloudfailError, ConfigError
from cloudfail.lab.cloud.world import World


def serve(argv: Sequence[str]) -> int:
    """Print one JSON line when ready, then run until SIGTERM or SIGINT. Returns an exit code."""
    options = _parser().parse_args(argv)
    try:
        return _serve(options)
    except (CloudfailError, OSError) as exc:
        sys.stderr.write(f"cloudfail: {exc}\n")
        return exc.exit_code if isinstance(exc, CloudfailError) else ConfigError.exit_code


def _serve(options: argparse.Namespace) -> int:
    from cloudfail.lab.cloud.embedded import EmbeddedAws

    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    world = _read(options.world) if options.world else None
    with EmbeddedAws(options.host, options.port) as cloud:
        ready = {"endpoint": cloud.endpoint, "control": cloud.control}
        if world is not None:
            cloud.build(world)
        if options.metadata:
            host, _, port = options.metadata.rpartition(":")
            ready["metadata"] = cloud.serve_metadata(host, int(port))
        sys.stdout.write(msgspec.json.encode(ready).decode() + "\n")
        sys.stdout.flush()
        signal.sigwait(ends)
    return 0


def _read(path: Path) -> World:
    try:
        return msgspec.json.decode(path.read_bytes(), type=World)
    except (OSError, msgspec.MsgspecError) as exc:
        raise ConfigError(f"{path}: not a world: {exc}") from exc


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cloudfail lab cloud aws", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port; 0 takes a free one")
    parser.add_argument("--world", type=Path, metavar="FILE", help="JSON: what to build at start")
    parser.add_argument(
        "--metadata",
        metavar="ADDR:PORT",
        default="",
        help="also one metadata service, which tells nodes apart by the caller's address",
    )
    return parser
