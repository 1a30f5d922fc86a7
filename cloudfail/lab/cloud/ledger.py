"""Who holds what: compared before and after each write, so that no way of moving is missed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from cloudfail.lab.cloud.records import Change

Target = tuple[str, str]
Holders = Mapping[Target, str]


def look(ec2: Any) -> dict[Target, str]:
    """(kind, target) -> holder, of everything in moto's EC2 backend that can change hands."""
    holders: dict[Target, str] = {}
    for eip in ec2.addresses:
        holders["public-ip", eip.public_ip] = eip.eni.id if eip.eni else ""
    for eni in ec2.enis.values():
        for item in eni.private_ip_addresses:
            holders["private-ip", item["PrivateIpAddress"]] = eni.id
        for address in eni.ipv6_addresses:
            holders["private-ip", address] = eni.id
    for table in ec2.route_tables.values():
        for route in table.routes:
            destination = route.destination_cidr_block or route.destination_ipv6_cidr_block
            if destination and not route.local:
                holders["route", f"{table.id} {destination}"] = _target_of(route)
    return holders


def _target_of(route: Any) -> str:
    if route.state == "blackhole":
        return ""
    return str(route.network_interface_id or route.nat_gateway_id or route.gateway_id or "")


class Ledger:
    """The changes, in order. `note` is called by one writer at a time; reading is thread-safe."""

    def __init__(self) -> None:
        self._changes: list[Change] = []
        self._holders: dict[Target, str] = {}
        self._nodes: Mapping[str, str] = {}
        self._since: dict[Target, float] = {}
        self._news = threading.Condition()
        self._callbacks: list[Callable[[Change], None]] = []

    def start(self, holders: Holders, nodes: Mapping[str, str]) -> None:
        """Forget all changes; `nodes` maps interface ids to names."""
        with self._news:
            self._changes = []
            self._holders = dict(holders)
            self._nodes = nodes
            self._since = dict.fromkeys(holders, time.monotonic())

    def on_change(self, callback: Callable[[Change], None]) -> None:
        self._callbacks.append(callback)

    def forget(self, callback: Callable[[Change], None]) -> None:
        self._callbacks.remove(callback)

    def note(self, holders: Holders) -> None:
        """Record what differs from the last time."""
        t = time.monotonic()
        with self._news:
            moved = [
                (target, holders.get(target, ""))
                for target in {**self._holders, **holders}
                if self._holders.get(target, "") != holders.get(target, "")
            ]
            self._holders = dict(holders)
            new = [self._record(t, target, holder) for target, holder in moved]
            if new:
                self._news.notify_all()
        for change in new:
            for callback in self._callbacks:
                callback(change)

    def changes(self, since: int = 0, wait: float = 0.0) -> list[Change]:
        """Changes numbered above `since`, waiting up to `wait` seconds for one."""
        with self._news:
            self._news.wait_for(lambda: len(self._changes) > since, timeout=wait)
            return self._changes[max(since, 0) :]

    def holders(self) -> list[Change]:
        with self._news:
            return [
                Change(self._since[target], *target, holder, self._nodes.get(holder, ""))
                for target, holder in self._holders.items()
            ]

    def _record(self, t: float, target: Target, holder: str) -> Change:
        number = len(self._changes) + 1
        change = Change(t, *target, holder, self._nodes.get(holder, ""), number)
        self._changes.append(change)
        self._since[target] = t
        return change
