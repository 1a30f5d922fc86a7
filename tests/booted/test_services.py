"""Services that follow the role: started by an agent without privileges, by the generated polkit rule."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from booted.machine import need_systemd
from booted.pair import KEEPALIVED, Pair, pair

pytestmark = [pytest.mark.netns, pytest.mark.timeout(300)]

FOLLOWING, OTHER = "follows.service", "other.service"
_SERVICES = f"""
[instance.edge.services]
master = ["{FOLLOWING}"]
"""
_UNIT = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    need_systemd()
    for program in ("pkaction", "dbus-daemon"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: sudo apt-get install polkitd")
    with pair(tmp_path_factory.mktemp("booted"), _SERVICES) as made:
        for unit in (FOLLOWING, OTHER):
            made.a.write(f"/etc/systemd/system/{unit}", _UNIT)
        made.a.do("systemctl", "start", "dbus.socket")
        made.begin()
        yield made


def is_active(machine: Pair, unit: str) -> bool:
    return machine.a.shown(unit, "ActiveState") == "active"


def test_a_service_is_there_on_the_master_and_gone_after_it(machine: Pair) -> None:
    machine.a.wait(lambda: is_active(machine, FOLLOWING))
    machine.a.do("systemctl", "stop", KEEPALIVED)
    machine.a.wait(lambda: not is_active(machine, FOLLOWING))
    machine.a.do("systemctl", "start", KEEPALIVED)
    machine.a.wait(lambda: is_active(machine, FOLLOWING))


@pytest.mark.parametrize(
    ("verb", "unit"), [("start", OTHER), ("restart", FOLLOWING), ("mask", FOLLOWING)]
)
def test_nothing_else_is_allowed(verb: str, unit: str, machine: Pair) -> None:
    agents = ("setpriv", "--reuid=cloudfail", "--regid=cloudfail", "--clear-groups")
    command = ("systemctl", "--no-ask-password", verb, unit)
    refused = machine.a.run(*agents, *command)
    assert "authentication required" in refused.stderr, refused
    assert not is_active(machine, OTHER)
