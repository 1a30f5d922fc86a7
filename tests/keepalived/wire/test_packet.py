"""Bytes in, advert out: never an exception, never a secret."""

from __future__ import annotations

from ipaddress import ip_address

import msgspec
import pytest
from cloudfail.keepalived.wire import Advert, Authentication, Checksum, decode, describe
from hypothesis import example, given
from hypothesis import strategies as st

from keepalived.wire.packets import (
    A4,
    A6,
    AH,
    B4,
    B6,
    TRAILER,
    VIP4,
    VIP6,
    VRRP,
    advert,
    behind_ah,
    extension,
    ipv4,
    ipv6,
    pseudo,
    v3,
)

PASSWORD = b"s3cr3t78"
V2_PASS = advert(2, 3, [VIP4], auth_type=1, auth_data=PASSWORD)
V3_IPV6 = v3(B6, A6, VIP6)


def decoded(packet: bytes) -> Advert:
    found = decode(packet)
    assert found is not None
    return found


def test_every_field_of_a_v3_advert_is_told() -> None:
    found = decode(
        ipv4(v3(interval=0.25), ttl=254), t=1.5, device="eth0", outgoing=True, source_mac="02:00"
    )
    assert found == Advert(
        t=1.5,
        device="eth0",
        outgoing=True,
        source=ip_address(B4),
        destination=ip_address(A4),
        source_mac="02:00",
        ttl=254,
        version=3,
        virtual_router_id=51,
        priority=100,
        interval=0.25,
        authentication=Authentication.NONE,
        addresses=(ip_address(VIP4),),
        checksum=Checksum.OK,
    )


def test_the_longest_v3_interval_has_twelve_bits_and_the_reserved_ones_do_not_count() -> None:
    message = bytearray(v3(interval=40.95))
    assert decoded(ipv4(bytes(message))).interval == 40.95
    message[4] |= 0xF0
    assert decoded(ipv4(bytes(message))).interval == 40.95


@pytest.mark.parametrize(
    ("auth_type", "expected"), [(0, "none"), (1, "PASS"), (2, "AH"), (3, "unknown")]
)
def test_v2_says_its_authentication(auth_type: int, expected: str) -> None:
    found = decoded(ipv4(advert(2, 3, [VIP4], auth_type=auth_type, auth_data=PASSWORD)))
    assert (found.authentication, found.interval, found.checksum) == (expected, 3, "ok")


def test_a_password_is_nowhere_in_what_was_decoded() -> None:
    found = decoded(ipv4(V2_PASS))
    for text in (repr(found), describe(found), str(msgspec.to_builtins(found, enc_hook=str))):
        assert "s3cr3t" not in text


def test_ah_around_an_advert_is_seen_through_on_both_families() -> None:
    for packet in (
        ipv4(behind_ah(advert(2, 1, [VIP4], auth_type=2, auth_data=bytes(8))), protocol=AH),
        ipv6(behind_ah(V3_IPV6), protocol=AH),
    ):
        found = decoded(packet)
        assert (found.authentication, found.virtual_router_id) == ("AH", 51)
        assert found.checksum_ok


def test_ah_around_something_else_is_no_advert() -> None:
    assert decode(ipv4(behind_ah(v3(), inner=6), protocol=AH)) is None


def test_an_hmac_trailer_is_recognised_in_every_form_that_has_one() -> None:
    before = pseudo(B6, A6, 24 + len(TRAILER))
    summed = advert(3, 1, [VIP6], auth_data=TRAILER, before=before)
    for packet in (
        ipv4(v3() + TRAILER),
        ipv4(advert(2, 1, [VIP4], auth_data=bytes(8), trailer=TRAILER)),
        ipv6(summed),  # over IPv6 the kernel sums the trailer too
    ):
        found = decoded(packet)
        assert (found.authentication, found.checksum, len(found.addresses)) == ("HMAC", "ok", 1)


@pytest.mark.parametrize(
    "rest", [TRAILER[:-1], b"\2" + TRAILER[1:], TRAILER[:2] + b"\1" + TRAILER[3:], TRAILER + b"\0"]
)
def test_what_only_resembles_a_trailer_is_none(rest: bytes) -> None:
    assert decoded(ipv4(v3() + rest)).authentication == "none"


def test_the_three_checksums_of_v3_are_told_apart() -> None:
    old = advert(3, 1, [VIP4], before=pseudo(B4, "224.0.0.18", 12))
    forms = {Checksum.OK: v3(), Checksum.OLD: old, Checksum.AS_V2: advert(3, 1, [VIP4])}
    for form, message in forms.items():
        found = decoded(ipv4(message))
        assert (found.checksum, found.checksum_ok) == (form, True)


@pytest.mark.parametrize("packet", [ipv4(v3()), ipv4(V2_PASS), ipv6(V3_IPV6)])
def test_a_wrong_checksum_is_told_and_hides_nothing(packet: bytes) -> None:
    wrong = packet[:-1] + bytes([packet[-1] ^ 1])
    found = decoded(wrong)
    assert (found.checksum, found.checksum_ok, found.virtual_router_id) == ("wrong", False, 51)
    assert "checksum wrong" in describe(found)


def test_padding_of_a_short_frame_is_no_part_of_the_advert() -> None:
    assert decoded(ipv4(v3()) + bytes(18)) == decoded(ipv4(v3()))
    assert decoded(ipv6(V3_IPV6) + bytes(18)) == decoded(ipv6(V3_IPV6))


def test_ip_options_and_extension_headers_are_walked_over() -> None:
    assert decoded(ipv4(v3(), options=bytes(8))) == decoded(ipv4(v3()))
    walked = extension(extension(behind_ah(V3_IPV6), inner=AH, eights=2), inner=60)
    assert decoded(ipv6(walked, protocol=0)).authentication == "AH"


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x45",
        ipv4(v3(), fragment=0x2000),
        ipv4(v3(), fragment=1),
        ipv4(v3(), protocol=17),
        ipv4(v3())[:-1],
        ipv4(v3()[:7]),
        ipv4(v3()[:-1]),  # fewer addresses than it counts
        ipv4(advert(4, 1, [VIP4])),
        ipv4(b"\x32" + v3()[1:]),  # not an advertisement
        ipv4(extension(v3()), protocol=60),  # no extension headers in IPv4
        ipv6(V3_IPV6)[:-1],
        ipv6(extension(V3_IPV6), protocol=44),  # a fragment
        ipv6(bytes([0, 0, 1]), protocol=0),
        ipv6(extension(b"", inner=0, eights=255), protocol=0),
    ],
)
def test_what_is_no_whole_advert_is_none(packet: bytes) -> None:
    assert decode(packet) is None


def test_no_address_is_said_as_none() -> None:
    found = decoded(ipv4(advert(3, 1, [], before=pseudo(B4, A4, 8), priority=0)))
    assert (found.addresses, found.is_farewell, found.checksum) == ((), True, "ok")
    assert "addresses none  farewell" in describe(found)


def test_a_line_names_the_nodes_it_knows() -> None:
    found = decode(ipv4(v3()), device="eth0")
    assert found is not None
    assert describe(found, {ip_address(B4): "b"}) == (
        "eth0    in   10.0.2.10 (b) -> 10.0.1.10  v3 vrid 51 prio 100 every 1 s  "
        "addresses 10.0.1.100"
    )


WHOLE = st.sampled_from(
    [
        ipv4(v3()),
        ipv4(V2_PASS),
        ipv4(behind_ah(V2_PASS), protocol=AH),
        ipv6(V3_IPV6),
        ipv6(extension(behind_ah(V3_IPV6), inner=AH), protocol=0),
    ]
)


@given(st.binary(max_size=200))
@example(b"\x60" + bytes(39))
def test_no_bytes_are_too_strange(packet: bytes) -> None:
    decode(packet)


@given(WHOLE, st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=4), st.data())
def test_no_damage_to_an_advert_is_too_strange(
    packet: bytes, damage: list[tuple[int, int]], data: st.DataObject
) -> None:
    changed = bytearray(packet)
    for at, value in damage:
        changed[at % len(changed)] = value
    found = decode(bytes(changed[: data.draw(st.integers(0, len(changed)))]))
    if found is not None:
        assert 0 <= found.interval <= 255
        assert describe(found)


@given(
    interval=st.integers(0, 4095),
    addresses=st.lists(st.ip_addresses(v=4), max_size=20),
    priority=st.integers(0, 255),
)
def test_what_was_advertised_is_what_is_decoded(
    interval: int, addresses: list[object], priority: int
) -> None:
    texts = [str(address) for address in addresses]
    before = pseudo(B4, A4, 8 + 4 * len(texts))
    message = advert(3, interval / 100, texts, priority=priority, before=before)
    found = decoded(ipv4(message, protocol=VRRP))
    assert found.addresses == tuple(addresses)
    assert (found.priority, found.interval, found.checksum) == (priority, interval / 100, "ok")
