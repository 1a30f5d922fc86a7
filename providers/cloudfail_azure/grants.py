"""What this identity may do, by the permissions API: asked before anything is taken off anybody.

Source: rest/api/authorization/permissions: what the roles of the caller give on a resource group, or
on a resource. Deny assignments and conditions are not in it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial

import msgspec
from cloudfail.clock import Clock
from cloudfail.errors import CloudfailError, ProviderError
from cloudfail.parallel import in_parallel

from cloudfail_azure.api import Api
from cloudfail_azure.linked import Need
from cloudfail_azure.links import group_id, group_of, key_of, subscription_of

_PATH = "/providers/Microsoft.Authorization/permissions"
# What was allowed is believed for so long: a standby's looks renew it, and a failover finds it.
KEPT_SECONDS = 600.0


class Entry(msgspec.Struct, frozen=True, rename="camel"):
    """What one role gives."""

    actions: tuple[str, ...] | None = None
    not_actions: tuple[str, ...] | None = None


Entries = Sequence[Entry]


class Verdict(dict[Need, CloudfailError | None]):
    """What is not allowed: None for what no role gives, the error for what could not be asked."""

    @property
    def missing(self) -> list[Need]:
        return [need for need, error in self.items() if error is None]

    @property
    def unsaid(self) -> Mapping[Need, CloudfailError]:
        return {need: error for need, error in self.items() if error is not None}


class Grants:
    """Asks a resource group once for all in it, and a resource only where that does not do."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._allowed: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def judge(self, needs: Iterable[Need]) -> Verdict:
        """Say which of these are not allowed, or could not be asked; one or two round trips."""
        open_ = [need for need in dict.fromkeys(needs) if not self._is_known(need)]
        by_group, _ = self._ask({_group(need.scope) for need in open_})
        for need in open_:
            if allows(by_group.get(key_of(_group(need.scope)), ()), need.action):
                self._note(need)
        left = [need for need in open_ if not self._is_known(need)]
        by_resource, unsaid = self._ask({need.scope for need in left})
        verdict = Verdict()
        for need in left:
            key = key_of(need.scope)
            if allows(by_resource.get(key, ()), need.action):
                self._note(need)
            else:
                verdict[need] = unsaid.get(key)
        return verdict

    def _ask(self, scopes: Iterable[str]) -> tuple[dict[str, Entries], dict[str, CloudfailError]]:
        reads = {key_of(scope): partial(self._entries, scope) for scope in scopes}
        return in_parallel(reads)

    def _entries(self, scope: str) -> Entries:
        call = "permissions.list"
        found = self._api.pages(call, scope + _PATH)
        try:
            return msgspec.convert(found, list[Entry])
        except msgspec.ValidationError as exc:
            raise ProviderError(f"{call} on {scope}: its answer cannot be read: {exc}") from exc

    def _is_known(self, need: Need) -> bool:
        with self._lock:
            noted = self._allowed.get((need.action.lower(), key_of(need.scope)))
        return noted is not None and self._clock.now() - noted < KEPT_SECONDS

    def _note(self, need: Need) -> None:
        with self._lock:
            self._allowed[need.action.lower(), key_of(need.scope)] = self._clock.now()


def allows(entries: Entries, action: str) -> bool:
    """True when one of the roles has the action, and does not take it out again."""
    return any(
        _matches(entry.actions or (), action) and not _matches(entry.not_actions or (), action)
        for entry in entries
    )


def _matches(patterns: Iterable[str], action: str) -> bool:
    return any(_expression(pattern).fullmatch(action) for pattern in patterns)


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.IGNORECASE)


def _group(scope: str) -> str:
    return group_id(subscription_of(scope), group_of(scope))
