"""Do role, wire and cloud say the same? What is on record, who advertises, who holds the claims."""

from __future__ import annotations

import datetime
import os

from cloudfail.doctor.check import Case, Checks, failed, ok, warning
from cloudfail.doctor.cloud import ask
from cloudfail.doctor.running import running_pid, state_directory
from cloudfail.doctor.wire import Wire, node_at
from cloudfail.model import Holding, Node, Owner
from cloudfail.role import Role, RoleStore
from cloudfail.role.event import boot_id
from cloudfail.role.record import Recorded

_SUBJECT = "role"


def check_role(case: Case, wire: Wire) -> Checks:
    """Hold what keepalived's notify told last against the wire; nothing where it does not run."""
    if running_pid(case.machine) is None:
        return
    store = RoleStore(state_directory(case.machine))
    recorded = store.current(case.instance.name)
    if store.problem:
        say = failed if os.geteuid() == 0 else warning
        yield say(_SUBJECT, f"not known: {store.problem.partition(';')[0]}")
    elif recorded is None or recorded.event.boot_id != boot_id() or recorded.role is Role.STOP:
        last = "STOP" if recorded and recorded.role is Role.STOP else "none"
        text = f"{last} is on record, though keepalived runs: its notify command did not"
        yield failed(_SUBJECT, text, "look for it in keepalived's log; it names what it drops")
    elif recorded.role is Role.FAULT:
        text = f"FAULT, {_since(recorded)}: this node cannot become master"
        yield failed(_SUBJECT, text, "see keepalived's log: link, unicast address, tracked scripts")
    elif contradiction := _contradiction(wire, recorded.role):
        text = f"{recorded.role} is on record, {_since(recorded)}, and {contradiction}"
        yield failed(_SUBJECT, text, "see keepalived's log for the notify command")
    else:
        yield ok(_SUBJECT, f"{recorded.role}, {_since(recorded)}")


def check_holders(case: Case, wire: Wire) -> Checks:
    """Look once more who holds the claims, when one node has been master all the time."""
    if case.build is None or wire.master is None or not case.instance.claims:
        return
    is_me = wire.is_mine
    node = node_at(case, wire.master)
    master = "this node" if is_me else node.name if node else str(wire.master)
    reader = case.build()
    me = ask(case, reader.identify)
    holdings = ask(case, lambda: reader.observe(case.instance.claims))
    astray = [one for one in holdings if _is_astray(case, one, me, "" if is_me else master)]
    for one in astray:
        yield failed(
            str(one.claim),
            f"{master} is master, and {_instead(case, one, me)}",
            f"on {master}: cloudfail promote --instance {case.instance.name}",
        )
    if not astray:
        yield ok("holders", f"every claim that the cloud shows is with the master, {master}")


def _contradiction(wire: Wire, role: Role) -> str:
    if wire.master is None:
        return ""
    if wire.is_mine and role is not Role.MASTER:
        return "this node advertises as master"
    if not wire.is_mine and role is Role.MASTER:
        return f"{wire.master} advertises, this node does not"
    return ""


def _is_astray(case: Case, holding: Holding, me: Node, master: str) -> bool:
    """`master` is a peer's name, empty for this node. A holder of unknown name proves nothing."""
    if holding.owner in {Owner.UNKNOWN, Owner.STRANGER} or holding.obstacle:
        return False  # said already
    if not master:
        return holding.owner is not Owner.MINE
    name = case.name_of(holding, me)
    return holding.owner is not Owner.PEER or bool(name and name != master)


def _instead(case: Case, holding: Holding, me: Node) -> str:
    return holding.reason or f"the claim is with {_holder(case, holding, me)}"


def _holder(case: Case, holding: Holding, me: Node) -> str:
    if holding.owner is Owner.NOBODY:
        return "nobody"
    if holding.owner is Owner.MINE:
        return "this node"
    return case.name_of(holding, me) or holding.holder


def _since(recorded: Recorded) -> str:
    at = datetime.datetime.fromtimestamp(recorded.at, tz=datetime.UTC)
    return f"since {at:%Y-%m-%d %H:%M:%S} UTC"
