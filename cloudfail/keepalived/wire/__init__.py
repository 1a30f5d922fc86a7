"""VRRP on the wire: who advertises what, decoded; needs CAP_NET_RAW to listen, nothing to decode."""

from __future__ import annotations

from cloudfail.keepalived.wire.advert import Advert, Authentication, Checksum
from cloudfail.keepalived.wire.listener import Listener
from cloudfail.keepalived.wire.packet import decode
from cloudfail.keepalived.wire.text import describe

__all__ = ["Advert", "Authentication", "Checksum", "Listener", "decode", "describe"]
