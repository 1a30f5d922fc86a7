"""The typed view over a keepalived.conf, for the rules."""

from __future__ import annotations

from cloudfail.keepalived.addresses import VirtualAddress, parse_address
from cloudfail.keepalived.lint.command import FIFO_SCRIPTS, Command
from cloudfail.keepalived.lint.instance import Authentication, Peer, VrrpInstance
from cloudfail.keepalived.lint.node import NodeConf, confs_of, confs_of_text
from cloudfail.keepalived.syntax import NOTIFY
from cloudfail.keepalived.syntax.values import number_of, seconds_of

__all__ = [
    "FIFO_SCRIPTS",
    "NOTIFY",
    "Authentication",
    "Command",
    "NodeConf",
    "Peer",
    "VirtualAddress",
    "VrrpInstance",
    "confs_of",
    "confs_of_text",
    "number_of",
    "parse_address",
    "seconds_of",
]
