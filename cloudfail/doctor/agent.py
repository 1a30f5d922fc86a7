"""The resident agent: whether it runs, hears keepalived, and is the one that is installed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cloudfail import __version__
from cloudfail.agent.control.client import Answer, Unanswered, hand_over
from cloudfail.agent.hearing.ownership import reader_of
from cloudfail.config.agent.paths import UNIT, fifo_of
from cloudfail.config.agent.tables import DEFAULT_SOCKET
from cloudfail.doctor.check import Case, Check, Checks, Machine, failed, ok, warning
from cloudfail.doctor.running import environment_of_keepalived, running_pid
from cloudfail.doctor.services import shown

_SUBJECT = "agent"
_VARIABLE = "CLOUDFAIL_AGENT_SOCKET"
_WITHOUT = "each event starts a process of its own, and nothing is repaired in between"
_NET_RAW = 13  # linux/capability.h
_PROPERTIES = "LoadState,ActiveState,SubState,NeedDaemonReload,NRestarts,StatusText"
_OFTEN = 3  # restarts
_RESTART = "systemctl restart cloudfail-agent"
_LOG = "journalctl -u cloudfail-agent"


def check_unit(machine: Machine) -> Checks:
    """Ask systemd; silent where it does not run, or no agent is wanted."""
    if not (machine.has_systemd and machine.config.agent.enabled and machine.site):
        return
    unit = shown(UNIT, _PROPERTIES)
    if unit.get("LoadState") != "loaded":
        remedy = "cloudfail generate --install --reload"
        yield warning(UNIT, f"systemd does not know it: {_WITHOUT}", remedy)
    elif unit.get("NeedDaemonReload") == "yes":
        remedy = f"systemctl daemon-reload; {_RESTART}"
        yield warning(UNIT, "systemd has not read its file anew", remedy)
    elif unit.get("ActiveState") == "inactive":
        yield warning(UNIT, f"does not run: {_WITHOUT}", "systemctl start cloudfail-agent")
    elif unit.get("ActiveState") != "active":
        why = f": {text}" if (text := unit.get("StatusText")) else ""
        state = f"{unit.get('ActiveState')}, {unit.get('SubState')}"
        yield failed(UNIT, f"does not come up (it is {state}){why}", _LOG)
    elif int(unit.get("NRestarts") or 0) >= _OFTEN:
        yield warning(UNIT, f"was started again {unit['NRestarts']} times", _LOG)
    else:
        yield ok(UNIT, "runs")


def check_agent(machine: Machine) -> Checks:
    """Ask the agent what it says of itself, and look at its process."""
    if not machine.config.agent.enabled or not machine.config.instances:
        return
    yield from _other_socket(machine)
    told = _told(machine, _any_instance(machine))
    if isinstance(told, Unanswered):
        yield _silent(machine, told)
        return
    found = list(_troubles(machine, told["agent"]))
    yield from found
    if not found:
        yield ok(_SUBJECT, f"process {told['agent']['pid']} hears keepalived, and answers")


def check_instance(case: Case) -> Checks:
    """What the agent has to say of one instance: who paused it, what a person has to look at."""
    if not case.machine.config.agent.enabled:
        return
    told = _told(case.machine, case.instance.name)
    if isinstance(told, Unanswered):
        return  # which check_agent has said
    if told["agent"]["paused"]:
        yield warning(_SUBJECT, told["agent"]["paused"], "cloudfail resume")
    for alarm in told["agent"]["alarms"]:
        yield warning(_SUBJECT, alarm, "cloudfail status")


def _any_instance(machine: Machine) -> str:
    """Any of this node's: the agent answers for no other."""
    if machine.site is not None:
        return machine.site.members[0].instance.name
    return next(iter(machine.config.instances))


def _told(machine: Machine, instance: str) -> Any:
    """Return the document of `status`; Unanswered where there is none."""
    argv = ["status", "--instance", instance, "--output", "json"]
    if machine.config.path is not None:
        argv += ["--config", str(machine.config.path)]
    path = machine.path(str(machine.config.agent.socket))
    told = hand_over(argv, {_VARIABLE: str(path)})
    if not isinstance(told, Answer):
        return told
    if told.exit_code:
        return Unanswered(told.stderr.strip() or f"exit code {told.exit_code}")
    return json.loads(told.stdout)


def _silent(machine: Machine, why: Unanswered) -> Check:
    if why.is_declined:
        return warning(_SUBJECT, f"it does not answer for this configuration: {why}", _RESTART)
    if why.is_odd:
        return failed(_SUBJECT, str(why), _LOG)
    if os.geteuid() != 0 and machine.path(str(machine.config.agent.socket)).exists():
        return warning(_SUBJECT, f"not asked: {why}", "run it as root, or in the group cloudfail")
    return warning(_SUBJECT, f"none answers ({why}): {_WITHOUT}", "systemctl start cloudfail-agent")


def _other_socket(machine: Machine) -> Checks:
    """The commands do not read the configuration before they ask: it would take too long."""
    ours = str(machine.config.agent.socket)
    theirs = environment_of_keepalived(machine).get(_VARIABLE) or DEFAULT_SOCKET
    if ours != theirs:
        yield warning(
            _SUBJECT,
            f"listens at {ours}, and keepalived's scripts ask at {theirs}: they do the work themselves",
            f"set {_VARIABLE}={ours} in keepalived's unit, or leave agent.socket out",
        )


def _troubles(machine: Machine, agent: Mapping[str, Any]) -> Iterator[Check]:
    if agent["version"] != __version__:
        text = f"it is of version {agent['version']}, installed is {__version__}"
        yield warning(_SUBJECT, text, _RESTART)
    if not agent["is_hearing"]:
        yield failed(_SUBJECT, "it does not hear keepalived by both, FIFO and wire", _LOG)
    for problem in agent["problems"]:
        yield warning(_SUBJECT, problem, _LOG)
    pid = agent["pid"]
    if not _has_net_raw(_status_of(pid)):
        text = f"process {pid} has no CAP_NET_RAW: it cannot hear adverts, and so proves no role"
        yield failed(_SUBJECT, text, "cloudfail generate --install --reload")
    if (fifo := fifo_of(machine.config)) is not None:
        yield from _of_fifo(machine, machine.path(str(fifo)), pid)


def _of_fifo(machine: Machine, fifo: Path, pid: int) -> Checks:
    """Hold its inode against who has it locked, and whether keepalived has it open."""
    try:
        status = fifo.stat()
    except OSError:
        return  # which check_fifo has said
    if reader_of(status) != f"process {pid}":
        text = f"{fifo} is not read by process {pid}, but by {reader_of(status)} or by nobody"
        yield failed(_SUBJECT, text, _RESTART)
    keepalived = running_pid(machine)
    if keepalived is not None and _has_open(keepalived, status) is False:
        text = f"keepalived (process {keepalived}) does not write into {fifo}"
        yield failed("FIFO", text, "cloudfail generate --install; systemctl restart keepalived")


def _has_open(keepalived: int, wanted: os.stat_result) -> bool | None:
    """Say whether keepalived or a child of it has the file open; None: that is hidden."""
    try:
        children = Path(f"/proc/{keepalived}/task/{keepalived}/children").read_text().split()
        pids = [str(keepalived), *children]
        descriptors = [one for pid in pids for one in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return None
    return any(_is(one, wanted) for one in descriptors)


def _is(descriptor: Path, wanted: os.stat_result) -> bool:
    try:
        return os.path.samestat(descriptor.stat(), wanted)
    except OSError:
        return False


def _status_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return ""


def _has_net_raw(status: str) -> bool:
    """Read /proc/PID/status (proc(5)); what cannot be seen counts as had."""
    for line in status.splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _NET_RAW & 1)
    return True
