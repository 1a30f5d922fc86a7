"""How a route moves without a gap, and how what is left beside it is put in order: pure.

A route cannot be changed, so this node's is inserted at a number that is free, and then every route
that beats it or shares the traffic is deleted. With standing routes this node's is there already.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cloudfail.model import Holding, Node, Route, Step

from cloudfail_gcp.links import name_of, part_of
from cloudfail_gcp.numbers import Numbers

_NAME = 45
_Known = Mapping[str, Any]


def route_steps(holding: Holding, node: Node, numbers: Numbers) -> Iterator[Step]:
    """Yield an insert where this node has no route yet, and deletes of what is in its way."""
    known = _known(holding)
    # One beyond the window, of an older configuration, may lie behind somebody else's.
    mine = [route for route in known if route["mine"] and route["priority"] <= numbers.window[-1]]
    others = [route for route in known if not route["mine"] and not route["foreign"]]
    stage = 0
    if mine:
        number = int(mine[0]["priority"])
    else:
        taken = {int(route["priority"]) for route in known}
        number = next(iter(numbers.free(taken)), _idle(known, numbers))
        if number in taken:
            losing = [route for route in others if route["priority"] == number]
            yield from (_delete(holding, route, stage=stage) for route in losing)
            others = [route for route in others if route not in losing]
            stage += 1
        yield _insert(holding, node.facts["instance"], number, stage=stage)
        stage += 1
    whole = () if numbers.standing else numbers.window
    for route in others:
        if route["priority"] <= number or route["priority"] in whole:
            yield _delete(holding, route, stage=stage)


def tidying_steps(holding: Holding, node: Node, numbers: Numbers) -> Iterator[Step]:
    """Yield deletes of what nobody needs, and inserts of the standing routes that peers lack.

    Nothing while somebody's call is under way: it may be about to delete this node's route.
    """
    known = _known(holding)
    mine = [int(route["priority"]) for route in known if route["mine"]]
    if not mine or holding.is_moving:
        return
    yield from (_delete(holding, route, tidies=True) for route in known if route["leftover"])
    lacking = [machine for machine in holding.facts.get("lacking", "").split(",") if machine]
    taken = {int(route["priority"]) for route in known}
    free = numbers.free(taken, above=mine[0])
    before = [number for number in numbers.free(taken) if number < mine[0]]
    if len(free) < len(lacking) and before:
        # There is no number below the others' any more: this node begins anew with the first one.
        lacking, free = [node.facts["instance"]], before
    for machine, number in zip(lacking, free, strict=False):
        yield _insert(holding, machine, number, tidies=True)


def _idle(known: Sequence[_Known], numbers: Numbers) -> int:
    """Return the number, all being taken, whose routes no packet passes over.

    That is one whose next hops are all gone or stopped; else the highest, which loses.
    """
    alive = {int(route["priority"]) for route in known if not route["dead"]}
    return next((number for number in numbers.window if number not in alive), numbers.window[-1])


def _known(holding: Holding) -> list[_Known]:
    found: list[_Known] = json.loads(holding.facts["routes"])
    return found


def _insert(
    holding: Holding, machine: str, number: int, *, stage: int = 0, tidies: bool = False
) -> Step:
    claim, network = holding.claim, holding.facts["network"]
    assert isinstance(claim, Route)  # noqa: S101 - for the type checker
    tags = [tag for tag in holding.facts["tags"].split(",") if tag]
    return Step(
        call="routes.insert",
        claims=(claim,),
        params={
            "project": part_of(network, "projects"),
            "name": route_name(network, str(claim.destination), machine, number),
            "network": network,
            "destRange": str(claim.destination),
            "nextHopInstance": machine,
            "priority": number,
            **({"tags": tags} if tags else {}),
        },
        summary=f"add {claim} to {machine} with priority {number}",
        stage=stage,
        tidies=tidies,
    )


def _delete(holding: Holding, route: _Known, *, stage: int = 0, tidies: bool = False) -> Step:
    path = str(route["path"])
    return Step(
        call="routes.delete",
        claims=(holding.claim,),
        params={"project": part_of(path, "projects"), "route": name_of(path)},
        summary=f"delete {name_of(path)}, the route with priority {route['priority']}",
        stage=stage,
        destroys={"route": path, "priority": str(route["priority"]), "holder": holding.holder},
        tidies=tidies,
    )


def name_prefix(network: str, destination: str) -> str:
    """Return how the names of all routes of this destination begin."""
    return f"cf-{hashlib.sha256(f'{network} {destination}'.encode()).hexdigest()[:8]}-"


def route_name(network: str, destination: str, machine: str, number: int) -> str:
    """Return the name of a machine's route: the same whoever makes it, and its own."""
    short = part_of(machine, "instances")[:_NAME].rstrip("-")
    return f"{name_prefix(network, destination)}{short}-{number}"
