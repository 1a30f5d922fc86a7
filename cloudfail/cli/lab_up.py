"""`cloudfail lab up`, and what can be done to a lab that runs."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from cloudfail import process
from cloudfail.cli.document import document, print_document
from cloudfail.clock import SystemClock
from cloudfail.errors import CloudfailError, UsageError
from cloudfail.lab import preflight, probe, remote
from cloudfail.lab.terrain import terrain_of
from cloudfail.lab.topology import A, B, C, Topology

_START_SECONDS = 60.0
_NODES = (A, B, C)


def deed(args: Namespace) -> int:
    """Do what `args.action` says; exit 0, or as the command of `exec` did."""
    base = remote.directory() if not preflight.is_inside() else Path(os.environ[_DIRECTORY])
    path = remote.socket_path(args.name, base)
    if args.action == "up":
        return _up(args, path)
    if args.action == "exec":
        return _exec(args, path)
    node: str | list[str] = getattr(args, "node", [])
    nodes = (node,) if isinstance(node, str) else tuple(node)
    words = ("one-way",) if getattr(args, "one_way", False) else ()
    answer = remote.ask(path, remote.Request(args.action, nodes, words))
    if answer.code:
        raise _said(answer)
    if args.action == "down":
        _wait_for_the_end(path)
    elif args.action == "status":
        _show(args, answer.data)
    elif answer.text:
        print(answer.text.rstrip("\n"))
    return 0


_DIRECTORY = "CLOUDFAIL_LAB_DIRECTORY"


def _up(args: Namespace, path: Path) -> int:
    preflight.check_provider(args.provider)
    if preflight.is_inside():
        return _serve(args, path)
    if os.environ.get(_DIRECTORY):  # the background process, still outside
        with remote.the_only_one(path):
            return preflight.enter(_again(args), [path.parent])
    with remote.the_only_one(path):
        path.unlink(missing_ok=True)  # of a lab that was killed
    preflight.widen_path()
    preflight.ranges()  # what is missing is said here, not in a log
    log = path.with_suffix(".log")
    with log.open("w") as file:
        background = process.Popen(
            _again(args),
            stdin=process.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
            env={**os.environ, _DIRECTORY: str(path.parent)},
        )
    _wait(background, path, log)
    first = args.name == "lab"
    name = "" if first else f" --name {args.name}"
    print(f"The lab is up, {args.nodes} nodes. Try:")
    for words, what in _HINTS:
        verb, _, rest = words.partition(" ")
        print(f"  cloudfail lab {verb}{name}{' ' + rest if rest else '':20} {what}")
    return 0


_HINTS = (
    ("status", "who is master, who holds what"),
    ("kill a", "the master dies"),
    ("boot a", "and comes back"),
    ("exec b -- ip addr", "look at a node"),
    ("logs b", "what keepalived and cloudfail said"),
    ("down", "end it"),
)


def _again(args: Namespace) -> list[str]:
    return [
        *(sys.executable, "-m", "cloudfail.cli.main", "lab", "up", "--name", args.name),
        *("--provider", args.provider, "--nodes", str(args.nodes)),
        *("--latency", f"{args.latency:g}", "--advert-int", f"{args.advert_int:g}"),
        *(("--agent",) if args.agent else ()),
    ]


def _wait(background: process.Popen[bytes], path: Path, log: Path) -> None:
    clock = SystemClock()
    until = clock.now() + _START_SECONDS
    while not remote.is_running(path):
        if background.poll() is not None or clock.now() > until:
            background.terminate()
            said = log.read_text().strip().splitlines()
            raise CloudfailError(f"the lab did not start: {said[-1] if said else 'no reason'}")
        clock.sleep(0.1)


def _wait_for_the_end(path: Path) -> None:
    clock = SystemClock()
    until = clock.now() + _START_SECONDS
    while not remote.has_ended(path) and clock.now() < until:
        clock.sleep(0.05)
    path.with_suffix(".log").unlink(missing_ok=True)


def _serve(args: Namespace, path: Path) -> int:
    from cloudfail.lab.cloud.faults import Faults
    from cloudfail.lab.site import RealSite
    from cloudfail.lab.supervisor import Supervisor

    probe.check_scripts()
    topology = Topology(
        nodes=_NODES[: args.nodes],
        provider=args.provider,
        advert_interval=args.advert_int,
        agent=args.agent,
    )
    terrain = terrain_of(args.provider)
    site = RealSite(terrain.topology(topology, *terrain.shown), SystemClock())
    try:
        site.open()
        site.set_faults(Faults(latency_ms=args.latency))
        Supervisor(site, path).serve()
    finally:
        site.close()
        path.unlink(missing_ok=True)
    return 0


def _exec(args: Namespace, path: Path) -> int:
    words = args.words[1:] if args.words[:1] == ["--"] else args.words
    if not words:
        raise UsageError("exec what? for example: cloudfail lab exec a -- ip addr")
    request = remote.Request("exec", (args.node,), tuple(words), streams=True)
    answer = remote.ask(path, request, (0, 1, 2))
    if answer.text:
        raise _said(answer)
    return answer.code


def _said(answer: remote.Answer) -> CloudfailError:
    error = CloudfailError(answer.text)
    error.exit_code = answer.code
    return error


def _show(args: Namespace, data: Any) -> None:
    if args.output == "json":
        print_document(document("lab status", **data, exit_code=0))
        return
    for node in data["nodes"]:
        role = node["role"] or "-"
        busy = "  cloudfail is running" if node["busy"] else ""
        print(f"{node['name']:3} {node['address']:12} {node['state']:7} {role:7}{busy}".rstrip())
    for claim in data["claims"]:
        print(f"{claim['target']:16} {claim['holder'] or 'nobody'}")
    print(f"the client {'gets answers' if data['served'] else 'gets no answers'}")
