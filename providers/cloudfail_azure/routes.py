"""Routes: one PUT of the route alone, which leads to this node's private address from then on.

Never of the whole table. The first step of a table is conditional on the ETag of the look; a change
of one route may change the ETag of all, so those after it look for themselves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cloudfail.model import Holding, Route, Step

from cloudfail_azure.links import name_of, up_to
from cloudfail_azure.nics import is_settled

CALL = "routes.put"
APPLIANCE = "VirtualAppliance"
_GIVEN = frozenset({"id", "etag", "type"})
_GIVEN_PROPERTIES = frozenset({"provisioningState", "hasBgpOverride"})


def route_steps(holdings: Sequence[Holding]) -> Iterator[Step]:
    """Yield the PUT of each of one table's routes, one after the other."""
    for stage, holding in enumerate(holdings):
        claim, facts = holding.claim, holding.facts
        assert isinstance(claim, Route)  # noqa: S101 - for the type checker
        known = json.loads(facts["document"]) if facts["document"] else None
        new = {
            "name": name_of(facts["route"]),
            "properties": {"addressPrefix": str(claim.destination)},
        }
        yield Step(
            call=CALL,
            claims=(claim,),
            params={"id": facts["route"], "route": _asked(led_to(known or new, facts["next_hop"]))},
            summary=(
                f"{'point' if known else 'create'} {claim.destination} of "
                f"{name_of(up_to(facts['route'], 'routeTables'))} "
                f"{'at' if known else 'to'} {facts['next_hop']}"
            ),
            stage=stage,
            conditions=_conditions(known, usable=stage == 0),
        )


def _conditions(known: Mapping[str, Any] | None, *, usable: bool) -> dict[str, str]:
    """Return where the route led when it was seen, and the ETag where that may be used."""
    if known is None:
        return {}
    etag = str(known.get("etag", "")) if usable and is_settled(known) else ""
    return {"nextHop": next_hop_of(known), **({"etag": etag} if etag else {})}


def led_to(route: Mapping[str, Any], address: str) -> dict[str, Any]:
    """Return the route with another next hop, and everything else as it is.

    `nextHop`, which has several at once, gives way: the claim is that packets come to this node.
    """
    properties = {k: v for k, v in route["properties"].items() if k != "nextHop"}
    hop = {"nextHopType": APPLIANCE, "nextHopIpAddress": address}
    return {**route, "properties": {**properties, **hop}}


def next_hop_of(route: Mapping[str, Any]) -> str:
    """Say where a route leads: an address, several, or the type of the next hop."""
    properties = route["properties"]
    several = (properties.get("nextHop") or {}).get("nextHopIpAddresses") or ()
    hops = properties.get("nextHopIpAddress") or ",".join(several)
    return str(hops or properties.get("nextHopType", ""))


def _asked(route: Mapping[str, Any]) -> dict[str, Any]:
    """Return the route without what Azure says of it: this goes into a plan's digest."""
    properties = {k: v for k, v in route["properties"].items() if k not in _GIVEN_PROPERTIES}
    return {**{k: v for k, v in route.items() if k not in _GIVEN}, "properties": properties}
