"""Real keepalived on the wire: what is configured is what is decoded, and tshark agrees."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cloudfail import process
from cloudfail.keepalived.wire import Advert, Listener, decode
from msgspec import Struct

from keepalived.wire.nodes import PATH, Keepalived, Tap, Variant, in_time, inside, need, pair

pytestmark = [pytest.mark.netns, pytest.mark.timeout(180)]
XMIT_BASE = "use_vmac\n vmac_xmit_base"
VARIANTS = (
    Variant("v2", 2, interval=1),
    Variant("v2-pass", 2, interval=1, authentication="PASS"),
    Variant("v2-ah", 2, interval=1, authentication="AH"),
    Variant("v3"),
    Variant("v3-ipv6", family=6),
    Variant("v3-vmac", vmac=XMIT_BASE),
    Variant("v3-vmac-ipv6", family=6, vmac=XMIT_BASE),
    Variant("v3-multicast-vmac", multicast=True, vmac="use_vmac"),
)
EACH = pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
SECONDS = 30
ETHERNET = 14
# A stopped keepalived's kernel answers an advert with ICMP "protocol unreachable", the advert in it.
VRRP = "vrrp and not icmp and not icmpv6"
FIELDS = (
    "frame.number",
    *("ip.src", "ip.dst", "ip.ttl", "ipv6.src", "ipv6.dst", "ipv6.hlim"),
    *("vrrp.version", "vrrp.virt_rtr_id", "vrrp.prio", "vrrp.addr_count", "vrrp.adver_int"),
    *("vrrp.short_adver_int", "vrrp.auth_type", "vrrp.ip_addr", "vrrp.ipv6_addr"),
    *("vrrp.checksum.status", "eth.src"),
)


class Heard(Struct, frozen=True):
    """At node a (all devices, and eth0 alone), and at b; `frames` is all that passed a's eth0."""

    at_a: Sequence[Advert]
    at_a_eth0: Sequence[Advert]
    at_b: Sequence[Advert]
    frames: Sequence[bytes]
    log: str

    def of(self, node: int, *, outgoing: bool) -> list[Advert]:
        found = self.at_a_eth0 if node == 1 else self.at_b
        return [advert for advert in found if advert.outgoing is outgoing]


def rehearse(variant: Variant, home: Path) -> Heard:
    """Node a becomes master, is stopped, and b takes over."""
    with ExitStack() as stack:
        a, b = pair(stack)
        with inside(a):
            everywhere, eth0 = Listener(), Listener("eth0")
            everywhere.open()
            eth0.open()
        with inside(b):
            at_b = Listener("eth0")
            at_b.open()
        for listener in (everywhere, eth0, at_b):
            stack.enter_context(listener)
        tap = stack.enter_context(Tap(a))
        first, _ = [
            stack.enter_context(Keepalived(pid, variant, node, home))
            for node, pid in enumerate((a, b), 1)
        ]
        seen = _until_outgoing(eth0, 150)
        first.stop()
        taken = _until_outgoing(at_b, 100)
        return Heard(
            at_a=_rest(everywhere),
            at_a_eth0=[*seen, *_rest(eth0)],
            at_b=[*taken, *_rest(at_b)],
            frames=tap.frames(),
            log=first.log.read_text(errors="replace"),
        )


def _until_outgoing(listener: Listener, priority: int) -> list[Advert]:
    found = []
    for advert in listener.until(in_time(SECONDS)):
        found.append(advert)
        if advert.outgoing and advert.priority == priority:
            break
    return found


def _rest(listener: Listener) -> list[Advert]:
    return list(iter(listener.read, None))


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Heard]:
    need("keepalived", "ip", "nsenter", "unshare")
    home = tmp_path_factory.mktemp("keepalived")
    with ThreadPoolExecutor(len(VARIANTS)) as pool:
        found = pool.map(lambda variant: rehearse(variant, home), VARIANTS)
        return {variant.name: one for variant, one in zip(VARIANTS, found, strict=True)}


@EACH
def test_what_is_configured_is_what_is_decoded(
    variant: Variant, heard: Mapping[str, Heard]
) -> None:
    one = heard[variant.name]
    everything = [*one.at_a, *one.at_a_eth0, *one.at_b]
    assert everything, one.log
    for advert in everything:
        assert advert.version == variant.version
        assert advert.virtual_router_id == 51
        assert advert.interval == variant.interval
        assert advert.authentication == variant.authentication
        assert advert.checksum == "ok"
        assert advert.addresses == tuple(map(ip_address, variant.virtual))
    assert {advert.priority for advert in everything} == {150, 0, 100}


@EACH
def test_own_adverts_leave_and_the_peers_come_in(
    variant: Variant, heard: Mapping[str, Heard]
) -> None:
    one = heard[variant.name]
    for node, own in ((1, {150, 0}), (2, {100})):
        out, coming = (one.of(node, outgoing=outgoing) for outgoing in (True, False))
        assert {advert.priority for advert in out} == own
        assert {str(advert.source) for advert in out} == {variant.address(node)}
        assert {str(advert.source) for advert in coming} == {variant.address(3 - node)}
    if not variant.multicast:
        to = {str(advert.destination) for advert in one.of(1, outgoing=True)}
        assert to == {variant.address(2)}


@EACH
def test_the_farewell_is_the_last_word_of_a_master_that_is_stopped(
    variant: Variant, heard: Mapping[str, Heard]
) -> None:
    for found in (
        heard[variant.name].of(1, outgoing=True),
        heard[variant.name].of(2, outgoing=False),
    ):
        assert [advert.is_farewell for advert in found] == [False] * (len(found) - 1) + [True]


@EACH
def test_an_advert_comes_once_however_many_devices_show_it(
    variant: Variant, heard: Mapping[str, Heard]
) -> None:
    one = heard[variant.name]

    def told(adverts: Sequence[Advert]) -> list[tuple[bool, str, int]]:
        return [(advert.outgoing, str(advert.source), advert.priority) for advert in adverts]

    known = len(one.at_a_eth0)
    assert told(one.at_a)[:known] == told(one.at_a_eth0)
    first = {advert.device for advert in one.at_a if advert.outgoing}
    assert ("eth0" not in first) is variant.multicast  # through the VMAC itself


@EACH
def test_only_without_vmac_xmit_base_do_adverts_leave_with_the_virtual_mac(
    variant: Variant, heard: Mapping[str, Heard]
) -> None:
    macs = {advert.source_mac for advert in heard[variant.name].of(1, outgoing=True)}
    assert (macs == {"00:00:5e:00:01:33"}) is variant.multicast
    assert len(macs) == 1


@EACH
def test_the_time_is_when_the_kernel_had_it_not_when_it_was_read(
    variant: Variant, heard: Mapping[str, Heard]
) -> None:
    """All were read at once, at the end; the take-over came at least the skew time later."""
    found = heard[variant.name].at_a
    farewell = next(advert for advert in found if advert.is_farewell)
    taken = next(advert for advert in found if not advert.outgoing and advert.t > farewell.t)
    assert taken.t - farewell.t > 0.05
    assert [advert.t for advert in found] == sorted(advert.t for advert in found)


def test_tshark_decodes_the_same(heard: Mapping[str, Heard], tmp_path: Path) -> None:
    need("tshark")
    frames = [frame for one in heard.values() for frame in one.frames]
    capture = tmp_path / "all.pcap"
    capture.write_bytes(_pcap(frames))
    done = process.run(
        [
            *("tshark", "-r", str(capture), "-Y", VRRP, "-T", "fields", "-E", "separator=;"),
            *(part for field in FIELDS for part in ("-e", field)),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"PATH": PATH, "HOME": str(tmp_path)},
    )
    theirs = [dict(zip(FIELDS, line.split(";"), strict=True)) for line in done.stdout.splitlines()]
    assert 3 * len(VARIANTS) < len(theirs) < len(frames)
    ours = [_as_tshark(number, frame) for number, frame in enumerate(frames, 1)]
    assert [one for one in ours if one] == [
        {name: value for name, value in their.items() if value} for their in theirs
    ]


def _pcap(frames: Sequence[bytes]) -> bytes:
    """A capture of Ethernet frames: pcap-savefile(5)."""
    head = struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    return head + b"".join(
        struct.pack("=IIII", at, 0, len(frame), len(frame)) + frame
        for at, frame in enumerate(frames)
    )


def _as_tshark(number: int, frame: bytes) -> dict[str, str]:
    advert = decode(frame[ETHERNET:])
    if advert is None:
        return {}
    ip = "ip" if advert.source.version == 4 else "ipv6"
    values: dict[str, Any] = {
        "frame.number": number,
        f"{ip}.src": advert.source,
        f"{ip}.dst": advert.destination,
        "ip.ttl" if ip == "ip" else "ipv6.hlim": advert.ttl,
        "vrrp.version": advert.version,
        "vrrp.virt_rtr_id": advert.virtual_router_id,
        "vrrp.prio": advert.priority,
        "vrrp.addr_count": len(advert.addresses),
        f"vrrp.{ip}_addr": ",".join(map(str, advert.addresses)),
        "vrrp.checksum.status": 1 if advert.checksum_ok else 0,
        "eth.src": frame[6:12].hex(":"),
    }
    if advert.version == 2:
        values["vrrp.adver_int"] = round(advert.interval)
        values["vrrp.auth_type"] = ("none", "PASS", "AH").index(advert.authentication)
    else:
        values["vrrp.short_adver_int"] = round(advert.interval * 100)
    return {name: str(value) for name, value in values.items()}
