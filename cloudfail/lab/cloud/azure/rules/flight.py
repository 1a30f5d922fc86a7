"""Writes that meet another one in flight."""

from __future__ import annotations

from cloudfail.lab.cloud.azure.answers import ArmError
from cloudfail.lab.cloud.azure.derived import is_updating
from cloudfail.lab.cloud.azure.links import key_of
from cloudfail.lab.cloud.azure.store import Store


def require_calm(resource: str, running: str) -> None:
    """azure-resource-manager/management/request-limits-and-throttling.

    429 also says that the resource is locked by another operation: the details have the code
    RetryableErrorDueToAnotherOperation (kubernetes/kubernetes#88151). `running` is that operation.
    """
    if running:
        raise ArmError(
            429,
            "RetryableErrorDueToAnotherOperation",
            f"Operation {running} is updating resource {resource}. The call can be retried in "
            "1 seconds.",
            {"Retry-After": "1"},
        )


def require_provisioned(store: Store, resource: str, link: str, operation: str) -> None:
    """hashicorp/terraform#7153: what is referred to must not be being written itself.

    An address that an operation moves on or off an interface is being written until it ends.
    """
    is_busy = store.is_in_flight(link)
    if "/publicipaddresses/" in key_of(link):
        is_busy = is_busy or is_updating(store, link)
    if is_busy:
        raise ArmError(
            429,
            "ReferencedResourceNotProvisioned",
            f"Cannot proceed with operation because resource {link} used by resource {resource} is "
            "not in Succeeded state. Resource is in Updating state and the last operation that "
            f"updated/is updating the resource is {operation}.",
            {"Retry-After": "1"},
        )
