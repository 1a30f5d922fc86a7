"""The role on record against the wire; "keepalived" is any process of that name here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cloudfail import process
from cloudfail.clock import SystemClock
from cloudfail.doctor import Case, Check, Status
from cloudfail.doctor.agreement import check_holders, check_role
from cloudfail.doctor.running import running_pid
from cloudfail.doctor.wire import Wire
from cloudfail.role import Event, Role, RoleStore
from cloudfail.testing import FakeCloud, FakeWorld
from cloudfail.testing.cloud import UNDONE

from doctor.cases import A, advert, case_of, every, own


@pytest.fixture
def store(tmp_path: Path) -> RoleStore:
    return RoleStore(tmp_path / "roles")


@pytest.fixture
def a(tmp_path: Path) -> Iterator[Case]:
    """Node a, on which a keepalived runs whose scripts keep roles in a directory of the test's."""
    case = case_of(tmp_path)
    program = tmp_path / "keepalived"
    program.write_bytes(Path("/bin/sleep").read_bytes())
    program.chmod(0o755)
    environ = {"CLOUDFAIL_STATE_DIR": str(tmp_path / "roles")}
    started = process.Popen([str(program), "60"], env=environ)
    try:
        case.machine.path("/run").mkdir(parents=True)
        case.machine.path("/run/keepalived.pid").write_text(str(started.pid))
        while running_pid(case.machine) is None:
            SystemClock().sleep(0.01)  # between fork and exec it has another name
        yield case
    finally:
        started.kill()
        started.wait()


def recorded(store: RoleStore, role: Role) -> None:
    store.record(Event.of_this_process("edge", role))


def only(case: Case, wire: Wire | None = None) -> Check:
    (check,) = check_role(case, wire or Wire())
    return check


def test_a_keepalived_that_runs_and_told_nothing_fails(a: Case) -> None:
    check = only(a)
    assert check.status is Status.FAILED
    assert check.message.startswith("none is on record, though keepalived runs")


def test_a_keepalived_that_runs_and_told_nothing_since_it_was_stopped_fails(
    a: Case, store: RoleStore
) -> None:
    recorded(store, Role.STOP)
    check = only(a)
    assert check.status is Status.FAILED
    assert check.message.startswith("STOP is on record, though keepalived runs")


@pytest.mark.parametrize(
    ("role", "wire", "said"),
    [
        (Role.MASTER, Wire(peers=tuple(every("10.0.1.11", 0.1, 1.1))), "this node does not"),
        (Role.BACKUP, Wire(own=tuple(own(0.1, 1.1))), "this node advertises as master"),
        (Role.BACKUP, Wire(own=tuple(own(0.1, priority=0))), ""),
        (Role.MASTER, Wire(own=tuple(own(0.1, 1.1))), ""),
    ],
)
def test_what_keepalived_told_last_is_held_against_the_wire(
    a: Case, store: RoleStore, role: Role, wire: Wire, said: str
) -> None:
    recorded(store, role)
    check = only(a, wire)
    assert check.status is (Status.FAILED if said else Status.OK)
    assert said in check.message


def test_a_role_that_cannot_be_read_fails_in_words_about_this_machine(
    a: Case, store: RoleStore, tmp_path: Path
) -> None:
    recorded(store, Role.BACKUP)
    (tmp_path / "roles").chmod(0o777)
    check = only(a)
    assert check.message.endswith("can be written by other users: chmod 0755 it")


def test_a_claim_that_does_not_count_with_the_master_is_told_with_its_reason(
    tmp_path: Path,
) -> None:
    case = case_of(tmp_path)
    (claim,) = case.instance.claims
    cloud = FakeCloud(FakeWorld({claim: "a"}), "a")
    cloud.undone.add(claim)
    wire = Wire(own=(advert(A, 1.0, outgoing=True),))
    (check,) = check_holders(msgspec.structs.replace(case, build=lambda: cloud), wire)
    assert check.message == f"this node is master, and {UNDONE}"
