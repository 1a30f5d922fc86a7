"""Which checks there are, in which order; one that breaks down stops no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from cloudfail.doctor import cloud, host, installed, network, reach, time_of_day, wire
from cloudfail.doctor.check import Case, Check, Checks, Machine, failed
from cloudfail.errors import CloudfailError


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What to leave out: the cloud's API, listening on the wire."""

    cloud: bool = True
    wire: bool = True


_OF_MACHINES: tuple[tuple[str, Callable[[Machine], Checks]], ...] = (
    ("keepalived", installed.check_keepalived),
    ("generated files", installed.check_files),
    ("keepalived.conf", installed.check_lint),
    ("other managers", host.check_managers),
    ("kernel settings", host.check_sysctl),
    ("FIFO", host.check_fifo),
    ("SELinux", host.check_selinux),
    ("services", host.check_services),
)
_OF_CASES: tuple[tuple[str, Callable[[Case], Checks]], ...] = (
    ("unicast address", network.check_address),
    ("tracked devices", network.check_devices),
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
    for case in cases:
        for subject, of_case in _chosen(options):
            name = f"{case.instance.name}: {subject}"
            yield from _guarded(name, lambda check=of_case, one=case: check(one))  # type: ignore[misc]
    if options.wire and cases:
        yield from _guarded("adverts", lambda: wire.check_adverts(cases))


def _chosen(options: Options) -> tuple[tuple[str, Callable[[Case], Checks]], ...]:
    return _OF_CASES + _OF_CLOUDS if options.cloud else _OF_CASES


def _guarded(subject: str, make: Callable[[], Checks]) -> Checks:
    try:
        yield from make()
    except CloudfailError as error:
        yield failed(subject, str(error))
    except OSError as error:
        yield failed(subject, f"could not be looked at: {error}", "run it as root")
    except Exception as error:  # noqa: BLE001 - a doctor that dies says nothing of the rest
        yield failed(
            subject,
            f"this check broke down ({type(error).__name__}: {error})",
            "report it as a bug of cloudfail",
        )
