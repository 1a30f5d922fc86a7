"""Bind a packet socket to all devices: Python's `bind` wants the name of one."""

from __future__ import annotations

import ctypes
import os
import socket
import struct

# ETH_P_ALL: the kernel shows outgoing frames to no other kind of packet socket.
EVERY_PROTOCOL = 3
_SOCKADDR_LL = struct.Struct("@H2siHBB8s")  # linux/if_packet.h


def bind_to_all(opened: socket.socket) -> None:
    """From now on it gets the frames of every device, those made later included."""
    protocol = EVERY_PROTOCOL.to_bytes(2)
    address = _SOCKADDR_LL.pack(socket.AF_PACKET, protocol, 0, 0, 0, 0, b"")
    bind = ctypes.CDLL(None, use_errno=True).bind
    if bind(opened.fileno(), address, len(address)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
