"""Conditional writes."""

from __future__ import annotations

from cloudfail.lab.cloud.azure.answers import ArmError, Json


def require_match(given: str, resource: str, current: Json | None) -> None:
    """azure-resource-manager: `If-Match` is the ETag that the caller saw, or `*` for any.

    kubernetes-sigs/cloud-provider-azure#9729 has the answer; the network provider checks it for
    interfaces (#425), route tables and public IP addresses.
    """
    if not given:
        return
    if current is None:
        message = f"Resource {resource} does not exist, and the if-match header asks for it."
        raise ArmError(412, "PreconditionFailed", message)
    if given not in {"*", current["etag"]}:
        raise ArmError(
            412,
            "PreconditionFailedEtagMismatch",
            f"Etag provided in if-match header {given} does not match etag {current['etag']} of "
            f"resource {resource} in NRP data store.",
        )


def require_none(given: str, resource: str, current: Json | None) -> None:
    """azure-resource-manager: `If-None-Match: *` is for a resource that must not be there yet."""
    if given == "*" and current is not None:
        message = f"Resource {resource} exists, and the if-none-match header asks for none."
        raise ArmError(412, "PreconditionFailed", message)
