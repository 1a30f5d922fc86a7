"""Which checks there are, in which order; one that breaks down stops no other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

import msgspec
from msgspec.structs import replace

from cloudfail import process
from cloudfail.doctor import (
    agent,
    agreement,
    cloud,
    host,
    installed,
    listening,
    network,
    reach,
    services,
    time_of_day,
    wire,
)
from cloudfail.doctor.check import Case, Check, Checks, Machine, failed, warning
from cloudfail.errors import CloudfailError


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What to leave out: the cloud's API, listening on the wire."""

    cloud: bool = True
    wire: bool = True


_OF_MACHINES: tuple[tuple[str, Callable[[Machine], Checks]], ...] = (
    ("keepalived", installed.check_keepalived),
    ("keepalived.service", services.check_unit),
    ("generated files", installed.check_files),
    ("keepalived -t", installed.check_test),
    ("keepalived.conf", installed.check_lint),
    ("command", reach.check_command),
    ("hooks", reach.check_hooks),
    ("directories", reach.check_directories),
    ("other managers", host.check_managers),
    ("kernel settings", host.check_sysctl),
    ("FIFO", host.check_fifo),
    ("cloudfail-agent.service", agent.check_unit),
    ("agent", agent.check_agent),
    ("SELinux", host.check_selinux),
    ("services", services.check_services),
)
_OF_CASES: tuple[tuple[str, Callable[[Case], Checks]], ...] = (
    ("unicast address", network.check_address),
    ("tracked devices", network.check_devices),
    ("agent", agent.check_instance),
)
_OF_CLOUDS: tuple[tuple[str, Callable[[Case], Checks]], ...] = (
    ("clock", time_of_day.check_clock),
    ("cloud", cloud.check_cloud),
    ("script user", reach.check_script_user),
)


def examine(machine: Machine, cases: Sequence[Case], options: Options) -> Iterator[Check]:
    """Yield each check as soon as it is made. Never raises."""
    for subject, of_machine in _OF_MACHINES:
        yield from _guarded(subject, lambda check=of_machine: check(machine))  # type: ignore[misc]
    answered: set[str] = set()
    for case in cases:
        for subject, of_case in _OF_CASES + (_OF_CLOUDS if options.cloud else ()):
            make = lambda check=of_case, one=case: check(one)  # noqa: E731
            for check in _of(case, _guarded(subject, make)):
                answered |= {case.instance.name} if cloud.has_answered(check) else set()
                yield check
    yield from _on_the_wire(cases, options, answered)


def _on_the_wire(cases: Sequence[Case], options: Options, answered: set[str]) -> Checks:
    """Listen once for all instances. Clouds that did not answer are not asked once more."""
    heard = listening.Heard()
    if options.wire and cases:
        try:
            heard = listening.listen(cases)
        except Exception as error:  # noqa: BLE001 - as below
            yield _broken("adverts", error)
            return
    for case in cases:
        seen = wire.heard_of(case, heard)
        for subject, wanted, make in (
            ("adverts", options.wire, lambda one=case: wire.check_adverts(one, heard)),
            ("role", True, lambda one=case, w=seen: agreement.check_role(one, w)),
            (
                "holders",
                case.instance.name in answered,
                lambda one=case, w=seen: agreement.check_holders(one, w),
            ),
        ):
            if wanted:
                yield from _of(case, _guarded(subject, make))


def _of(case: Case, checks: Checks) -> Checks:
    return (replace(check, instance=case.instance.name) for check in checks)


def _guarded(subject: str, make: Callable[[], Checks]) -> Checks:
    try:
        yield from make()
    except Exception as error:  # noqa: BLE001 - a doctor that dies says nothing of the rest
        yield _broken(subject, error)


def _broken(subject: str, error: Exception) -> Check:
    if os.geteuid() != 0 and isinstance(error.__cause__ or error, PermissionError):
        return warning(subject, f"not looked at: {error}", "run it as root")
    if isinstance(error, CloudfailError):
        return failed(subject, str(error))
    if isinstance(error, process.TimeoutExpired):
        command = " ".join(map(str, error.cmd))
        text = f"`{command}` does not end within {error.timeout:g} s"
        return failed(subject, text, "run it by hand")
    if isinstance(error, OSError):
        return failed(subject, f"could not be looked at: {error}", "run it as root")
    text = f"this check broke down ({type(error).__name__}: {error})"
    return failed(subject, text, "report it as a bug of cloudfail")
