"""Management locks."""

from __future__ import annotations

from collections.abc import Iterable

from cloudfail.lab.cloud.azure.answers import ArmError
from cloudfail.lab.cloud.azure.links import is_within

Lock = tuple[str, str]
DELETE_ONLY = "CanNotDelete"


def require_unlocked(locks: Iterable[Lock], resource: str, verb: str) -> None:
    """azure-resource-manager/management/lock-resources.

    `CanNotDelete`: "authorized users can read and modify a resource, but they can't delete it".
    `ReadOnly`: they "can read a resource, but they can't delete or update it". Locks are
    inherited. Azure/azure-sdk-for-java#2560 quotes the answer.
    """
    what = "delete" if verb == "DELETE" else "write"
    held = [
        scope
        for scope, level in locks
        if is_within(resource, scope) and (what == "delete" or level != DELETE_ONLY)
    ]
    if held:
        raise ArmError(
            409,
            "ScopeLocked",
            f"The scope '{resource}' cannot perform {what} operation because following scope(s) are "
            f"locked: '{','.join(held)}'. Please remove the lock and try again.",
        )
