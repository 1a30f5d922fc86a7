"""Routes: one PUT of the route alone, which leads to this node's private address from then on.

Never of the whole table. The first step of a table is conditional on the ETag of the look; a change
of one route may change the ETag of all, so those after it look for themselves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from cloudfail.model import Address, Holding, Network, Route, Step

from cloudfail_azure.links import name_of

CALL = "routes.put"
APPLIANCE = "VirtualAppliance"
_GIVEN = frozenset({"id", "etag", "type"})
_GIVEN_PROPERTIES = frozenset({"provisioningState", "hasBgpOverride"})


def route_steps(holdings: Sequence[Holding]) -> Iterator[Step]:
    """Yield the PUT of each of one table's routes, one after the other."""
    for stage, holding in enumerate(holdings):
        facts = holding.facts
        known: dict[str, Any] = json.loads(facts["route"]) if facts["route"] else {}
        usable = stage == 0 and facts.get("busy") != "yes"
        claim = holding.claim
        assert isinstance(claim, Route)  # noqa: S101 - for the type checker
        wanted = led_to(known or new_route(claim.destination), facts["next_hop"])
        yield Step(
            call=CALL,
            claims=(claim,),
            params={"routeTable": facts["table"], "route": _asked(wanted)},
            summary=(
                f"{'point' if known else 'create'} {claim.destination} of "
                f"{name_of(facts['table'])} {'at' if known else 'to'} {facts['next_hop']}"
            ),
            stage=stage,
            conditions=_conditions(known, usable=usable),
        )


def _conditions(known: Mapping[str, Any], *, usable: bool) -> dict[str, str]:
    """Return the ETag where it may be used, and where the route led when it was seen."""
    if not known:
        return {}
    etag = str(known.get("etag", "")) if usable else ""
    return {"nextHop": next_hop_of(known), **({"etag": etag} if etag else {})}


def new_route(destination: Network) -> dict[str, Any]:
    """Return the route to a destination that the table has none for."""
    prefix = str(destination)
    name = "".join(sign if sign.isalnum() else "-" for sign in prefix)
    return {"name": f"cloudfail-{name}", "properties": {"addressPrefix": prefix}}


def led_to(route: Mapping[str, Any], address: str) -> dict[str, Any]:
    """Return the route with another next hop, and everything else as it is.

    `nextHop`, which has several at once, gives way: the claim is that packets come to this node.
    """
    properties = {k: v for k, v in route["properties"].items() if k != "nextHop"}
    hop = {"nextHopType": APPLIANCE, "nextHopIpAddress": address}
    return {**route, "properties": {**properties, **hop}}


def next_hop_of(route: Mapping[str, Any]) -> str:
    """Say where a route leads: an address, or the type of the next hop."""
    properties = route["properties"]
    several = (properties.get("nextHop") or {}).get("nextHopIpAddresses") or ()
    return str(
        properties.get("nextHopIpAddress") or ",".join(several) or properties.get("nextHopType", "")
    )


def leads_to(route: Mapping[str, Any], address: Address) -> bool:
    try:
        return ip_address(next_hop_of(route)) == address
    except ValueError:
        return False


def _asked(route: Mapping[str, Any]) -> dict[str, Any]:
    """Return the route without what Azure says of it: this goes into a plan's digest."""
    properties = {k: v for k, v in route["properties"].items() if k not in _GIVEN_PROPERTIES}
    return {**{k: v for k, v in route.items() if k not in _GIVEN}, "properties": properties}
