"""Management locks: a ReadOnly one forbids every change below it (management/lock-resources)."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cloudfail.clock import Clock
from cloudfail.errors import CloudfailError

from cloudfail_azure.api import Api
from cloudfail_azure.grants import KEPT_SECONDS
from cloudfail_azure.links import group_id, group_of, key_of, subscription_of

_PATH = "/providers/Microsoft.Authorization/locks"


class Locks:
    """Asks a resource group for its locks; that there was none is believed for as long as a grant."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._free: dict[str, float] = {}
        self._lock = threading.Lock()

    def over(self, resource_id: str) -> str:
        """Return the id of a lock that forbids writing; "" for none, or when it cannot be asked."""
        key, now = key_of(resource_id), self._clock.now()
        with self._lock:
            noted = self._free.get(key)
        if noted is not None and now - noted < KEPT_SECONDS:
            return ""
        try:
            found = next((one for one, _ in forbidding(locks_of(self._api, resource_id), key)), "")
        except CloudfailError:
            return ""  # whoever checks a plan says so
        if not found:
            with self._lock:
                self._free[key] = now
        return found


def locks_of(api: Api, resource_id: str) -> list[Any]:
    """Return the locks of a resource's group, of what is in it, and of the whole subscription.

    Source: powershell/az.resources/get-azresourcelock: "all locks at, above, or below the scope".
    """
    group = group_id(subscription_of(resource_id), group_of(resource_id))
    return api.pages("locks.list", group + _PATH)


def forbidding(locks: Iterable[Any], resource_id: str) -> Iterator[tuple[str, str]]:
    """Yield id and scope of those that forbid writing to a resource."""
    target = key_of(resource_id)
    for lock in locks:
        known = lock if isinstance(lock, Mapping) else {}
        scope = key_of(str(known.get("id", ""))).partition("/providers/microsoft.authorization/")[0]
        level = str((known.get("properties") or {}).get("level", ""))
        if scope and level == "ReadOnly" and f"{target}/".startswith(f"{scope}/"):
            yield str(known["id"]), scope
