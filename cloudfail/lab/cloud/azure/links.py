"""Resource ids: `/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/TYPE/NAME/...`.

azure-resource-manager/management/resource-name-rules: names are compared without case.
"""

from __future__ import annotations

NAMESPACE = "Microsoft.Network"
_TOP = 8


def key_of(resource: str) -> str:
    """Return what two spellings of one id have in common."""
    return resource.rstrip("/").lower()


def is_same(one: str, other: str) -> bool:
    return key_of(one) == key_of(other)


def name_of(resource: str) -> str:
    return resource.rstrip("/").rsplit("/", maxsplit=1)[-1]


def top_of(resource: str) -> str:
    """Return the id of the resource that this one is a part of, or is."""
    return "/" + "/".join(resource.strip("/").split("/")[:_TOP])


def parts_below(resource: str) -> list[tuple[str, str]]:
    """Return the types and names below the top: `[("routes", "to-a")]`."""
    rest = resource.strip("/").split("/")[_TOP:]
    return list(zip(rest[::2], rest[1::2], strict=False))


def types_of(resource: str) -> tuple[str, ...]:
    """Return the types of a resource without their names: `("routeTables", "routes")`."""
    return tuple(resource.strip("/").split("/")[6::2])


def type_of(resource: str) -> str:
    """Return the full type: `Microsoft.Network/routeTables/routes`."""
    parts = resource.strip("/").split("/")
    return "/".join([parts[5], *types_of(resource)])


def parent_of(resource: str) -> str:
    """Return the id of what a part is directly in."""
    return resource.rstrip("/").rsplit("/", maxsplit=2)[0]


def group_of(resource: str) -> str:
    """Return `/subscriptions/S/resourceGroups/G`, or less of it."""
    return "/" + "/".join(resource.strip("/").split("/")[:4])


def subscription_of(resource: str) -> str:
    return [*resource.strip("/").split("/"), ""][1]


def is_within(resource: str, scope: str) -> bool:
    """Whether the scope is the resource, its group, its subscription, or everything (`/`)."""
    return f"{key_of(resource)}/".startswith(f"{key_of(scope)}/")


def group_id(subscription: str, group: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}"


def resource_id(subscription: str, group: str, kind: str, name: str) -> str:
    return f"{group_id(subscription, group)}/providers/{NAMESPACE}/{kind}/{name}"
