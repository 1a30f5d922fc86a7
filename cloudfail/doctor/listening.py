"""Hears the wire for three intervals, on the devices of every instance at once."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cloudfail.clock import Deadline, SystemClock
from cloudfail.doctor.check import Case
from cloudfail.errors import ConfigError
from cloudfail.keepalived.wire import Advert, Listener

INTERVALS = 3
_MARGIN = 0.5
_SLICE = 0.1
_MOST = 5000  # a flood ends the listening: it has been heard by then


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What all instances heard, in the order of time; `deaf` says of a device why it was not heard."""

    adverts: tuple[Advert, ...] = ()
    deaf: dict[str, str] = {}


def listen(cases: Sequence[Case]) -> Heard:
    """Listen for three of the longest interval. A device that is missing hides no other."""
    longest = max(case.instance.vrrp.advert_int for case in cases)
    deaf: dict[str, str] = {}
    listeners: list[Listener] = []
    adverts: list[Advert] = []
    try:
        for device in sorted({case.device for case in cases}):
            _open(Listener(device), listeners, deaf)
        deadline = Deadline.after(SystemClock(), INTERVALS * longest + _MARGIN)
        while listeners and deadline.left() and len(adverts) < _MOST:
            _read(listeners, deaf, adverts, deadline)
    finally:
        for listener in listeners:
            listener.close()
    return Heard(adverts=tuple(sorted(adverts, key=lambda one: one.t)), deaf=deaf)


def _open(listener: Listener, listeners: list[Listener], deaf: dict[str, str]) -> None:
    try:
        listener.open()
    except ConfigError as error:
        deaf[listener.device] = str(error)
    else:
        listeners.append(listener)


def _read(
    listeners: list[Listener], deaf: dict[str, str], adverts: list[Advert], deadline: Deadline
) -> None:
    wait = _SLICE / len(listeners)
    for listener in tuple(listeners):
        try:
            advert = listener.read(min(wait, deadline.left()))
        except ConfigError as error:
            deaf[listener.device] = str(error)
            listener.close()
            listeners.remove(listener)
        else:
            adverts += [advert] if advert else []
