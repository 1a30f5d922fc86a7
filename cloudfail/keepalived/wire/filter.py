"""The kernel's filter (classic BPF): nothing but VRRP, alone or inside AH, wakes the process.

For a packet socket of type SOCK_DGRAM, whose data begin with the IP header. Let through are
protocol 112, and 51 when 112 follows it, over IPv4 (no fragments) and IPv6 (behind one extension
header at most: classic BPF has no loops). Frames to another machine, which a device in promiscuous
mode shows, are left out: keepalived does not get them either.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from typing import NamedTuple

# linux/bpf_common.h, linux/filter.h
_LOAD_BYTE, _LOAD_HALF, _LOAD_BYTE_X = 0x30, 0x28, 0x50
_X_OF_IHL, _X_OF_NUMBER, _X_OF_A = 0xB1, 0x01, 0x07
_EQUAL, _ANY_BIT = 0x15, 0x45
_ADD, _SHIFT_LEFT = 0x04, 0x64
_RETURN = 0x06
_ETHERTYPE, _PACKET_TYPE = 0xFFFFF000, 0xFFFFF004  # SKF_AD_OFF + SKF_AD_PROTOCOL, _PKTTYPE

_OTHER_HOST = 3  # PACKET_OTHERHOST
_IPV4, _IPV6 = 0x0800, 0x86DD
_VRRP, _AH = 112, 51
_WHOLE = 0x40000
_SO_ATTACH_FILTER = 26  # asm-generic/socket.h


class _Line(NamedTuple):
    """One instruction; "" as a jump's goal is the next one."""

    code: int
    value: int
    yes: str = ""
    no: str = ""
    label: str = ""


_PROGRAM = (
    _Line(_LOAD_BYTE, _PACKET_TYPE),
    _Line(_EQUAL, _OTHER_HOST, yes="drop"),
    _Line(_LOAD_HALF, _ETHERTYPE),
    _Line(_EQUAL, _IPV6, yes="ipv6"),
    _Line(_EQUAL, _IPV4, no="drop"),
    _Line(_LOAD_HALF, 6),
    _Line(_ANY_BIT, 0x3FFF, yes="drop"),
    _Line(_X_OF_IHL, 0),
    _Line(_LOAD_BYTE, 9),
    _Line(_EQUAL, _VRRP, yes="take", no="ah"),
    _Line(_X_OF_NUMBER, 40, label="ipv6"),
    _Line(_LOAD_BYTE, 6),
    _Line(_EQUAL, _VRRP, yes="take"),
    _Line(_EQUAL, 0, yes="extension"),
    _Line(_EQUAL, 43, yes="extension"),
    _Line(_EQUAL, 60, yes="extension", no="ah"),
    _Line(_LOAD_BYTE, 41, label="extension"),
    _Line(_ADD, 1),
    _Line(_SHIFT_LEFT, 3),
    _Line(_ADD, 40),
    _Line(_X_OF_A, 0),
    _Line(_LOAD_BYTE, 40),
    _Line(_EQUAL, _VRRP, yes="take"),
    _Line(_EQUAL, _AH, no="drop", label="ah"),
    _Line(_LOAD_BYTE_X, 0),
    _Line(_EQUAL, _VRRP, yes="take", no="drop"),
    _Line(_RETURN, _WHOLE, label="take"),
    _Line(_RETURN, 0, label="drop"),
)


def attach_filter(opened: socket.socket) -> None:
    """Attach it; before the socket is bound, so that it never holds anything else."""
    program = _assembled()
    code = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: the number of instructions, and where they are.
    described = struct.pack("@HP", len(_PROGRAM), ctypes.addressof(code))
    opened.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, described)


def _assembled() -> bytes:
    at = {line.label: index for index, line in enumerate(_PROGRAM) if line.label}

    def ahead(index: int, label: str) -> int:
        return at[label] - index - 1 if label else 0

    return b"".join(
        struct.pack("@HBBI", line.code, ahead(index, line.yes), ahead(index, line.no), line.value)
        for index, line in enumerate(_PROGRAM)
    )
