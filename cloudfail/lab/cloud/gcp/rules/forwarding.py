"""Forwarding rules and their targets."""

from __future__ import annotations

from cloudfail.lab.cloud.gcp.answers import ComputeError, Json, invalid
from cloudfail.lab.cloud.gcp.links import collection_of, path_of, region_of
from cloudfail.lab.cloud.gcp.store import Store


def require_target(store: Store, url: str, project: str) -> str:
    """Reference, forwardingRules.setTarget: the target is the URL of a resource that is there."""
    path = path_of(url, project)
    if store.find(path) is None:
        raise invalid("resource.target", url, "The referenced resource was not found.")
    return path


def require_same_type(rule: Json, target: str, project: str) -> None:
    """Reference, forwardingRules.setTarget.

    "The new target should be of the same type as the old target."
    """
    if collection_of(path_of(rule["target"], project)) != collection_of(target):
        message = "The new target must be of the same type as the old target."
        raise ComputeError(400, f"Invalid value for field 'resource.target': '{target}'. {message}")


def require_same_region(rule_path: str, target: str) -> None:
    """Reference, ForwardingRule.target: "must be in the same region as the forwarding rule"."""
    if region_of(rule_path) != region_of(target):
        why = "The target must be in the same region as the forwarding rule."
        raise invalid("resource.target", target, why)
