"""`cloudfail doctor` on a wire: frames that pass, a device that is down, a flood, two families."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from cloudfail import process
from cloudfail.clock import SystemClock
from cloudfail.lab import ip

from keepalived.wire.nodes import in_time, inside, join, namespace, need
from keepalived.wire.packets import A4, A6, AH, B4, B6, behind_ah, ipv4, ipv6, v3

pytestmark = pytest.mark.netns
IPV4, IPV6 = 0x0800, 0x86DD
DRIVER = "from cloudfail.cli import main; main.entry()"
CONFIG = """
[instance.edge]
provider = "aws"
interface = "{device}"
virtual_router_id = 51
advert_int = 0.2

[[instance.edge.node]]
name = "a"
address = "{a}"
priority = 50

[[instance.edge.node]]
name = "b"
address = "{b}"
priority = 100

[provider.aws]
region = "eu-central-1"
"""


class Place:
    """A namespace in which doctor listens, and another from which frames come."""

    def __init__(self, here: int, there: int, path: Path) -> None:
        self.here = here
        self._path = path
        with inside(there):
            self._sender = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)

    def close(self) -> None:
        self._sender.close()

    def examined(
        self,
        frames: Sequence[tuple[int, bytes]] = (),
        *,
        a: str = A4,
        b: str = B4,
        device: str = "eth0",
        pause: float = 0.05,
    ) -> list[dict[str, Any]]:
        config = self._path / "cloudfail.toml"
        config.write_text(CONFIG.format(a=a, b=b, device=device))
        words = ("doctor", "--no-cloud", "--node", "a", "--output", "json", "--config", str(config))
        kept = {name: os.environ[name] for name in os.environ if not name.startswith("CLOUDFAIL_")}
        running = process.Popen(
            [*("nsenter", f"--net=/proc/{self.here}/ns/net"), sys.executable, "-c", DRIVER, *words],
            stdin=process.DEVNULL,
            stdout=process.PIPE,
            text=True,
            env=kept,
        )
        try:
            self._send_until_it_ends(running, frames, pause)
        finally:
            running.kill()
            out, _ = running.communicate()
        found: list[dict[str, Any]] = json.loads(out)["checks"]
        return found

    def heard(self, frames: Sequence[tuple[int, bytes]], **more: Any) -> list[dict[str, Any]]:
        """Examine again where nothing was heard: a busy machine sends nothing for a while."""
        checks: list[dict[str, Any]] = []
        for _ in range(3):
            checks = self.examined(frames, **more)
            if not any("nobody was heard" in said for _, said in adverts(checks)):
                break
        return checks

    def _send_until_it_ends(
        self,
        running: process.Popen[str],
        frames: Sequence[tuple[int, bytes]],
        pause: float,
    ) -> None:
        deadline = in_time(60)
        while running.poll() is None and deadline.left():
            for protocol, packet in frames:
                self._sender.sendto(packet, ("eth0", protocol, 0, 0, b"\xff" * 6))
            if pause:
                SystemClock().sleep(pause)
        assert running.poll() is not None


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    need("ip", "nsenter", "unshare")
    with namespace() as here, namespace() as there:
        join(here, there)
        made = Place(here, there, tmp_path_factory.mktemp("doctor"))
        yield made
        made.close()


def adverts(checks: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(one["status"], one["message"]) for one in checks if one["subject"] == "adverts"]


def of(checks: Sequence[dict[str, Any]], subject: str) -> dict[str, Any]:
    (check,) = (one for one in checks if one["subject"] == subject)
    return check


STAND_IN = "192.0.2.51"  # advertised where nothing is claimed


def test_an_advert_that_arrives_is_decoded(place: Place) -> None:
    frame = ipv4(v3(vip=STAND_IN, interval=0.2))
    ((status, said),) = adverts(place.heard([(IPV4, frame)]))
    assert status == "ok"
    assert said.startswith(f"b ({B4}) is master, and ")
    assert "VRID 51, priority 100, version 3, every 0.2 s, authentication none" in said


def test_a_silent_wire_fails_and_names_the_rule(place: Place) -> None:
    checks = place.examined()
    ((status, said),) = adverts(checks)
    assert (status, "nobody was heard in 3 intervals" in said) == ("failed", True)
    assert f"let IP protocol 112 pass from {B4} to {A4}" in of(checks, "adverts")["remedy"]


def test_an_advert_of_another_router_inside_ah_is_no_proof(place: Place) -> None:
    message = v3(vip=STAND_IN, interval=0.2)
    other = message[:1] + b"\x07" + message[2:]
    found = adverts(place.heard([(IPV4, ipv4(behind_ah(other), protocol=AH))]))
    texts = [said for status, said in found if status == "failed"]
    assert f"b ({B4}) advertises VRID 7, configured is 51" in texts
    assert f"b ({B4}) advertises authentication AH, configured is none" in texts
    assert not any(status == "ok" for status, _ in found)


def test_ipv6_is_heard_as_well(place: Place) -> None:
    message = v3(B6, A6, "2001:db8::33", interval=0.2)
    ((status, said),) = adverts(place.heard([(IPV6, ipv6(message))], a=A6, b=B6))
    assert (status, said.startswith(f"b ({B6}) is master")) == ("ok", True)


def test_a_flood_of_adverts_ends(place: Place) -> None:
    frame = ipv4(v3(vip=STAND_IN, interval=0.2))
    ((status, said),) = adverts(place.heard([(IPV4, frame)] * 50, pause=0))
    assert (status, "is master" in said) == ("ok", True)


def test_a_device_that_is_down_is_told_and_its_silence_too(place: Place) -> None:
    ip.apply(["link set eth0 down"], place.here)
    try:
        checks = place.examined()
    finally:
        ip.apply(["link set eth0 up"], place.here)
    assert of(checks, "device")["message"] == "eth0 is down: keepalived is in FAULT"
    assert adverts(checks)[0][0] == "failed"


def test_a_missing_device_is_not_waited_for(place: Place) -> None:
    checks = place.examined(device="eth7")
    assert "there are eth0, lo" in of(checks, "device")["remedy"]
    assert [status for status, _ in adverts(checks)] == ["warning"]


def test_an_address_that_is_not_local_fails(place: Place) -> None:
    assert of(place.examined(), "unicast address")["status"] == "failed"
    ip.apply([f"addr add {A4}/32 dev eth0"], place.here)
    try:
        assert of(place.examined(), "unicast address")["status"] == "ok"
    finally:
        ip.apply([f"addr del {A4}/32 dev eth0"], place.here)
