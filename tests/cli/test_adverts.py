"""`cloudfail adverts`, as a process, in a network namespace where adverts pass."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cloudfail import process
from cloudfail.clock import SystemClock

from keepalived.wire.nodes import in_time, inside, join, namespace, need
from keepalived.wire.packets import A4, B4, VIP4, advert, ipv4, pseudo, v3

pytestmark = pytest.mark.netns
# The command by its entry point, registered or not.
DRIVER = "from cloudfail.cli import main; main.COMMANDS.setdefault('adverts', ''); main.entry()"
CONFIG = """
[instance.edge]
provider = "aws"
interface = "eth0"
virtual_router_id = 51

[[instance.edge.node]]
name = "a"
address = "10.0.1.10"
priority = 150

[[instance.edge.node]]
name = "b"
address = "10.0.2.10"
priority = 100

[[instance.edge.claim]]
kind = "public-ip"
address = "203.0.113.7"
"""
ADVERT = ipv4(v3())
OTHER = ipv4(b"\x31\x07" + v3()[2:])  # of another virtual router; its checksum is off


class Place:
    """A namespace in which the command listens, and another from which adverts come."""

    def __init__(self, here: int, there: int, config: Path) -> None:
        self._here = here
        self.config = config
        self._started: list[process.Popen[str]] = []
        with inside(there):
            self._sender = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)

    def close(self) -> None:
        self._sender.close()
        for one in self._started:
            if one.poll() is None:
                one.kill()
                one.communicate()

    def start(
        self, *words: str, stdout: int = process.PIPE, env: Mapping[str, str] | None = None
    ) -> process.Popen[str]:
        kept = {name: os.environ[name] for name in os.environ if not name.startswith("CLOUDFAIL_")}
        started = process.Popen(
            [
                *("nsenter", f"--net=/proc/{self._here}/ns/net"),
                *(sys.executable, "-c", DRIVER, "adverts", *words),
            ],
            stdin=process.DEVNULL,
            stdout=stdout,
            stderr=process.PIPE,
            text=True,
            env={**kept, **(env or {})},
        )
        self._started.append(started)
        return started

    def send(self, *packets: bytes) -> None:
        for packet in packets:
            self._sender.sendto(packet, ("eth0", 0x0800, 0, 0, b"\xff" * 6))

    def send_until(self, done: Callable[[], bool], *packets: bytes) -> None:
        """Send again and again: nobody says when the command listens."""
        deadline = in_time(60)
        while not done() and deadline.left():
            self.send(*packets)
            SystemClock().sleep(0.02)
        assert done()

    def ran(self, *words: str, packets: tuple[bytes, ...] = (ADVERT,), **env: str) -> Ran:
        started = self.start(*words, env=env)
        try:
            self.send_until(lambda: started.poll() is not None, *packets)
        finally:
            started.kill()
            out, err = started.communicate()
        return Ran(started.returncode, out, err)


class Ran:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def values(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    need("ip", "nsenter", "unshare")
    config = tmp_path_factory.mktemp("config") / "cloudfail.toml"
    config.write_text(CONFIG)
    with namespace() as here, namespace() as there:
        join(here, there)
        made = Place(here, there, config)
        yield made
        made.close()


def test_each_advert_is_a_line(place: Place) -> None:
    ran = place.ran("--count", "2")
    lines = ran.out.splitlines()
    assert (ran.code, len(lines), ran.err) == (0, 2, "")
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d\.\d{3}  eth0    in   10\.0\.2\.10 -> 10\.0\.1\.10  "
        r"v3 vrid 51 prio 100 every 1 s  addresses 10\.0\.1\.100",
        lines[0],
    )


def test_with_a_configuration_the_nodes_and_the_instance_are_named(place: Place) -> None:
    ran = place.ran("--count=1", CLOUDFAIL_CONFIG=str(place.config))
    assert "  10.0.2.10 (b) -> 10.0.1.10 (a)  v3" in ran.out
    assert ran.out.endswith("  instance edge\n")


def test_json_has_a_document_a_line(place: Place) -> None:
    farewell = advert(3, 1, [VIP4], priority=0, before=pseudo(B4, A4, 12))
    ran = place.ran(
        *("--count", "1", "--output", "json", "--config", str(place.config)),
        packets=(ipv4(farewell),),
    )
    (value,) = ran.values
    assert re.fullmatch(r"[-\d]+T[:\d]+\.\d{3}\+00:00", value.pop("time"))
    assert re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", value.pop("source_mac"))
    assert value == {
        "device": "eth0",
        "direction": "in",
        "instance": "edge",
        "source": "10.0.2.10",
        "source_name": "b",
        "destination": "10.0.1.10",
        "destination_name": "a",
        "ttl": 255,
        "version": 3,
        "virtual_router_id": 51,
        "priority": 0,
        "farewell": True,
        "interval": 1.0,
        "authentication": "none",
        "addresses": ["10.0.1.100"],
        "checksum": "ok",
    }


def test_an_instance_shows_only_its_own(place: Place) -> None:
    ran = place.ran(
        *("--instance", "edge", "--config", str(place.config), "--count", "2", "--output=json"),
        packets=(OTHER, ADVERT),
    )
    assert [value["virtual_router_id"] for value in ran.values] == [51, 51]
    both = place.ran("--count", "4", "--output=json", packets=(OTHER, ADVERT))
    assert {(value["virtual_router_id"], value["checksum"]) for value in both.values} == {
        (51, "ok"),
        (7, "wrong"),
    }


def test_the_password_is_never_shown(place: Place) -> None:
    message = advert(2, 1, [VIP4], auth_type=1, auth_data=b"s3cr3t78")
    for output in ("text", "json"):
        ran = place.ran("--count=1", f"--output={output}", packets=(ipv4(message),))
        assert "PASS" in ran.out
        assert "s3cr3t" not in ran.out + ran.err


def test_silence_for_a_bounded_time_is_exit_code_1_with_a_hint(place: Place) -> None:
    ran = place.ran("--seconds", "0.3", packets=())
    assert (ran.code, ran.out) == (1, "")
    assert "no advert was heard on any device in 0.3 s" in ran.err
    assert "protocol 112" in ran.err
    of = place.ran("--seconds=0.3", "--instance=edge", f"--config={place.config}", packets=(OTHER,))
    assert (of.code, of.out) == (1, "")
    assert "no advert of instance edge was heard on eth0" in of.err


def test_a_bounded_time_in_which_something_was_heard_is_success(place: Place) -> None:
    ran = place.ran("--seconds", "0.5", "--interface", "eth0")
    if not ran.out:  # a busy machine may have sent nothing meanwhile
        ran = place.ran("--seconds", "20", "--interface", "eth0")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(place: Place, number: signal.Signals) -> None:
    started = place.start()
    assert started.stdout is not None
    readable = started.stdout.fileno()
    place.send_until(lambda: bool(select.select([readable], [], [], 0)[0]), ADVERT)
    started.send_signal(number)
    out, err = started.communicate(timeout=60)
    assert (started.returncode, err) == (0, "")
    assert out.endswith("10.0.1.100\n")


def test_it_ends_when_nobody_reads_any_more_though_nothing_is_heard(place: Place) -> None:
    reading, writing = os.pipe()
    started = place.start(stdout=writing)
    os.close(writing)
    os.close(reading)
    _, err = started.communicate(timeout=60)
    assert (started.returncode, err) == (0, "")


def test_a_full_disk_ends_it_and_is_said(place: Place) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    started = place.start(stdout=full)
    os.close(full)
    place.send_until(lambda: started.poll() is not None, ADVERT)
    _, err = started.communicate()
    assert started.returncode == 74
    assert "No space left" in err


def test_a_broken_file_is_a_warning_and_the_adverts_are_shown(place: Place, tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text(CONFIG.replace("priority = 150", "priority = 999"))
    for path, said in ((broken, "node[0].priority"), (tmp_path / "none.toml", "no such file")):
        ran = place.ran("--count=1", CLOUDFAIL_CONFIG=str(path))
        assert (ran.code, ran.out.count("\n")) == (0, 1)
        assert "cloudfail: warning: " in ran.err
        assert said in ran.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--interface", "eth7"), 78, 'no network device "eth7" to listen on; there are lo, eth0'),
        (("--config", "/nowhere.toml"), 78, "/nowhere.toml: no such file"),
        (("--instance", "edge"), 78, 'no instance "edge"'),
        (("--count", "0"), 64, '"0" is not a number of adverts'),
        (("--seconds", "-1"), 64, "not a number of seconds"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    place: Place, words: tuple[str, ...], code: int, said: str
) -> None:
    ran = place.ran(*words)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1
