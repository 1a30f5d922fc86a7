"""Real keepalived with generated trackers: a failure is a FAULT, and the peer takes over."""

from __future__ import annotations

import socket
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from vrrp.generated import Held
from vrrp.generated_cases import (
    DUAL,
    GROUP,
    IPV6,
    OFF,
    ON_LO,
    ON_LO6,
    PLAIN,
    PLAIN6,
    VIP,
    Case,
    instance,
)
from vrrp.generated_story import Moment, Story, stories, story
from vrrp.inside import in_network, run_ip

pytestmark = [pytest.mark.netns, pytest.mark.timeout(300)]

Phases = Generator[None, None, None]
TIMES = "interval = 1\ntimeout = 1\nfall = 1\nrise = 1\n"
HEALTHY, HANDBRAKE, DEVICE = "/run/healthy", "/run/cloudfail/handbrake", "other0"
SCRIPT = f'[vrrp_script.check]\ncommand = ["/usr/bin/test", "-e", "{HEALTHY}"]\n{TIMES}'
PORT = f'[vrrp_script.check]\ntcp = "127.0.0.1:8080"\n{TIMES}'
FILE = f'[track_file.handbrake]\nfile = "{HANDBRAKE}"\nweight = 0\ninit_file = 0\n'
V6_TRACKS = instance(PLAIN, name="v4") + instance(
    PLAIN6, 'track_file = ["handbrake"]', name="v6", form=IPV6
)
BOTH = ("v4", "v6")


def missing_file(at: Story) -> Phases:
    for node in at.case.nodes:
        at.nodes.write(node, HEALTHY, "")
    yield
    at.nodes["a"].path(HEALTHY).unlink()
    yield
    at.nodes.write("a", HEALTHY, "")
    yield


def closed_port(at: Story) -> Phases:
    with listening(at, "b"):
        with listening(at, "a"):
            yield
        yield
        with listening(at, "a"):
            yield


def drawn_handbrake(at: Story) -> Phases:
    yield
    at.nodes["a"].path(HANDBRAKE).write_text("1\n")
    yield
    at.nodes["a"].path(HANDBRAKE).write_text("0\n")
    yield


def handover(at: Story) -> Phases:
    """As the agent does it: the files are not there when keepalived starts, and count as 0."""
    file = at.nodes["a"].path(f"/run/cloudfail/handover/{at.case.instances[0]}")
    yield
    file.write_text("1\n")
    yield
    file.write_text("0\n")
    yield


def other_device_down(at: Story) -> Phases:
    pair = f"link add {DEVICE} type veth peer name other1"
    for node in at.case.nodes:
        run_ip(at.nodes[node].pid, [pair, *(f"link set {d} up" for d in (DEVICE, "other1"))])
    yield
    run_ip(at.nodes["a"].pid, [f"link set {DEVICE} down"])
    yield
    run_ip(at.nodes["a"].pid, [f"link set {DEVICE} up"])
    yield


def cable_out(at: Story) -> Phases:
    yield
    at.nodes.link("a", up=False)
    yield
    at.nodes.link("a", up=True)
    yield


@contextmanager
def listening(at: Story, node: str) -> Iterator[None]:
    server = in_network(
        at.nodes[node].pid, lambda: socket.create_server(("127.0.0.1", 8080), backlog=64)
    )
    with server:
        yield


TROUBLES: Mapping[str, tuple[Case, Callable[[Story], Phases]]] = {
    "script": (
        Case(toml=SCRIPT + instance(PLAIN, 'track_script = ["check"]'), held=ON_LO),
        missing_file,
    ),
    "tcp": (
        Case(toml=PORT + instance(PLAIN, 'track_script = ["check"]'), held=ON_LO),
        closed_port,
    ),
    "file": (
        Case(toml=FILE + instance(PLAIN, 'track_file = ["handbrake"]'), held=ON_LO),
        drawn_handbrake,
    ),
    "handover": (Case(toml=instance(PLAIN), held=ON_LO), handover),
    "group-handover": (Case(toml=DUAL + GROUP, held=ON_LO | ON_LO6, instances=BOTH), handover),
    "interface": (
        Case(toml=instance(PLAIN, f'track_interface = ["{DEVICE}"]'), held=ON_LO),
        other_device_down,
    ),
    "link": (Case(toml=instance(PLAIN), held=ON_LO), cable_out),
    "link-ipv6": (Case(toml=instance(PLAIN6, form=IPV6), held=ON_LO6), cable_out),
    "link-three-nodes": (
        Case(toml=instance(PLAIN, nodes="abc"), held=ON_LO, nodes="abc"),
        cable_out,
    ),
    "link-without-vmac": (
        Case(toml=instance(PLAIN, OFF), held={f"{VIP}/32": Held("eth0")}),
        cable_out,
    ),
    "group-file": (
        Case(toml=FILE + V6_TRACKS + GROUP, held=ON_LO | ON_LO6, instances=BOTH),
        drawn_handbrake,
    ),
    "group-link": (Case(toml=DUAL + GROUP, held=ON_LO | ON_LO6, instances=BOTH), cable_out),
}
every_trouble = pytest.mark.parametrize("case", TROUBLES)


@dataclass(frozen=True, slots=True)
class Suffered:
    failed: Moment
    recovered: Moment


All = Mapping[str, Future[Suffered]]


@pytest.fixture(scope="module")
def suffered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> All:
    return stories(request, tmp_path_factory)


def play(name: str, directory: Path) -> Suffered:
    case, trouble = TROUBLES[name]
    with story(case, directory) as at, closing(trouble(at)) as phases:
        next(phases)
        at.start_all()
        next(phases)
        failed = at.settle("b", adverts=1)
        next(phases)
        at.await_(lambda: is_backup(at), "a does not recover")
        recovered = at.settle("b")
    return Suffered(failed, recovered)


def is_backup(at: Story) -> bool:
    return {at.nodes["a"].role(name) for name in at.case.instances} == {"BACKUP"}


@every_trouble
def test_a_failure_is_a_fault_and_the_next_best_takes_over(suffered: All, case: str) -> None:
    failed = suffered[case].result().failed
    for name in TROUBLES[case][0].instances:
        assert failed.roles[name]["a"] == "FAULT"
        assert failed.masters(name) == ("b",)
        said = ("notify", "--instance", name, "INSTANCE", name)
        assert (*said, "FAULT") in [argv[:-1] for argv in failed.said["a"]]
        assert (*said, "MASTER", "120") in failed.said["b"]


@every_trouble
def test_the_addresses_follow_and_leave_the_faulty_node(suffered: All, case: str) -> None:
    held = suffered[case].result().failed.held
    assert held == {n: TROUBLES[case][0].held if n == "b" else {} for n in held}


@every_trouble
def test_a_node_that_recovers_waits_as_backup(suffered: All, case: str) -> None:
    recovered = suffered[case].result().recovered
    for name in TROUBLES[case][0].instances:
        assert recovered.roles[name]["a"] == "BACKUP"
        assert recovered.masters(name) == ("b",)
    assert recovered.said["b"] == ()
