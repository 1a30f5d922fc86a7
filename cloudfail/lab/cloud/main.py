"""An embedded cloud as a process: `cloudfail lab cloud aws`, `python -m cloudfail.lab.cloud gcp`."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from cloudfail.errors import CloudfailError, ConfigError, UsageError
from cloudfail.lab.cloud.clouds import CLOUDS, Kind, kind_of


def serve(argv: Sequence[str]) -> int:
    """Print one line of JSON when ready, then run until SIGTERM or SIGINT. Returns an exit code.

    The first word is the cloud, the others are its options.
    """
    try:
        if not argv:
            raise UsageError(f"which cloud? one of {', '.join(CLOUDS)}")
        cloud = kind_of(argv[0])
        return _serve(cloud, _parser(argv[0], cloud.title).parse_args(argv[1:]))
    except (CloudfailError, OSError) as exc:
        sys.stderr.write(f"cloudfail: {exc}\n")
        return exc.exit_code if isinstance(exc, CloudfailError) else ConfigError.exit_code


def _serve(kind: Kind, options: argparse.Namespace) -> int:
    ends = {signal.SIGTERM, signal.SIGINT}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    try:
        _serve_until(ends, kind, options)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return 0


def _serve_until(ends: set[signal.Signals], kind: Kind, options: argparse.Namespace) -> None:
    embedded = kind.load()
    world = _read(options.world, embedded.world_type) if options.world else None
    with embedded(options.host, options.port) as cloud:
        ready: dict[str, Any] = {"endpoint": cloud.endpoint, "control": cloud.control}
        if cloud.ca_file:
            ready["ca_file"] = cloud.ca_file
        if world is not None:
            cloud.build(world)
        if options.metadata:
            host, _, port = options.metadata.rpartition(":")
            url = ready["metadata"] = cloud.serve_metadata(host, int(port))
            ready["environment"] = cloud.metadata_variables(url)
        sys.stdout.write(msgspec.json.encode(ready).decode() + "\n")
        sys.stdout.flush()
        signal.sigwait(ends)


def _read(path: Path, world: type[msgspec.Struct]) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes(), type=world)
    except (OSError, msgspec.MsgspecError) as exc:
        raise ConfigError(f"{path}: not a world: {exc}") from exc


def _parser(name: str, title: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"cloudfail lab cloud {name}",
        description=f"An embedded {title} to rehearse on, until SIGTERM. When it is ready it prints "
        "a line of JSON: `endpoint` and, where that is HTTPS, `ca_file` for [provider.NAME]; "
        "`control` for whoever rehearses; with --metadata also `metadata`, and the `environment` "
        "by which the vendor's own libraries find it.",
    )
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
