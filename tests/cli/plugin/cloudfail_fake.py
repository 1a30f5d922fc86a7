"""A provider for tests of the command line: its cloud is a JSON file of `claim -> holder`.

`fail` in the file is an error that the next calls raise: {"error": "DeniedError", "message": ...},
with `more` arguments.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from cloudfail import errors
from cloudfail.model import Claim, Finding, Holding, Lane, Node, Owner, Severity, Step
from cloudfail.provider import ApiCall, Permission, Provider, ProviderSpec, Setup


class FakeSettings(msgspec.Struct, frozen=True, kw_only=True):
    world: str = ""
    region: str = ""
    credentials_file: str = ""
    retries: int = 0


class FileCloud:
    """The file is the cloud: every look reads it, every write writes it."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.lock = threading.Lock()
        self.path = Path(setup.settings.world)
        self.me = setup.interface_id or setup.name or "me"

    def _world(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.path.read_text())
        fail = found.get("fail")
        if fail:
            raise getattr(errors, fail["error"])(fail["message"], **fail.get("more", {}))
        if found.get("crash"):
            raise ZeroDivisionError("the plugin is broken")
        return found

    def identify(self) -> Node:
        return Node(ref=self.me, name=self.setup.name, facts={"region": self.setup.settings.region})

    def observe(self, claims: Sequence[Claim]) -> Sequence[Holding]:
        world = self._world()
        self.setup.on_call(ApiCall(operation="Look", mutating=False, seconds=0.001, status=200))
        return [self._holding(claim, world) for claim in claims]

    def _holding(self, claim: Claim, world: Mapping[str, Any]) -> Holding:
        holder = world["held"].get(str(claim), "")
        obstacle = world.get("obstacles", {}).get(str(claim), "")
        owner = Owner.PEER if str(claim) in world.get("elsewhere", ()) else self._owner(holder)
        return Holding(claim=claim, owner=owner, holder=holder.strip("?"), obstacle=obstacle,
                       is_moving=str(claim) in world.get("moving", ()))  # fmt: skip

    def _owner(self, holder: str) -> Owner:
        peers = {peer.interface_id or peer.name for peer in self.setup.peers}
        if holder == "?":
            return Owner.UNKNOWN
        if holder in {"", self.me}:
            return Owner.MINE if holder else Owner.NOBODY
        return Owner.PEER if not peers or holder in peers else Owner.STRANGER

    def steps(self, holdings: Sequence[Holding], node: Node) -> Sequence[Lane]:
        return [
            Lane(
                key=str(one.claim),
                steps=(
                    Step(
                        call="Take",
                        claims=(one.claim,),
                        params={"claim": str(one.claim), "to": node.ref},
                        summary=f"give {one.claim} to {node.ref}",
                        destroys={"holder": one.holder} if one.holder else {},
                    ),
                ),
            )
            for one in holdings
            if one.owner in {Owner.PEER, Owner.NOBODY} and not one.obstacle
        ]

    def check(self, lanes: Sequence[Lane]) -> Sequence[Finding]:
        found = self._world().get("findings", [])
        return [
            Finding(severity=Severity(severity), subject="fake", message=message, remedy="mend it")
            for severity, message in found
        ]

    def execute(self, step: Step) -> None:
        while Path(f"{self.path}.hold").exists():
            time.sleep(0.01)
        self.setup.before_write(step.call)
        with self.lock:
            world = self._world()
            for claim in step.claims:
                world["held"][str(claim)] = step.params["to"]
            draft = self.path.with_suffix(".new")
            draft.write_text(json.dumps(world))
            draft.replace(self.path)
        self.setup.on_call(
            ApiCall(operation=step.call, mutating=True, seconds=0.002, status=200, request_id="r-1")
        )


def build(setup: Setup) -> Provider:
    if setup.settings.region == "missing-sdk":
        raise errors.ProviderMissingError(
            "the SDK of fake is not installed; pip install 'cloudfail-fake[sdk]'"
        )
    return FileCloud(setup)


def render(step: Step) -> Sequence[str]:
    return ["fakectl", "take", step.params["claim"], "--to", step.params["to"]]


def validate(claims: Sequence[Claim]) -> Sequence[str]:
    private = [claim for claim in claims if claim.kind == "private-ip"]
    return [f"{len(private)} private addresses are too many"] if len(private) > 1 else []


def permissions(claims: Sequence[Claim]) -> Sequence[Permission]:
    return [
        Permission(action="fake:Look", method="observe", why="to see"),
        Permission(action="fake:Take", method="execute", why="to take", write=True),
    ]


def policy(claims: Sequence[Claim], settings: Any) -> Mapping[str, str]:
    named = [str(claim) for claim in claims]
    return {
        "read": json.dumps({"allow": ["fake:Look"], "on": named}),
        "write": json.dumps({"allow": ["fake:Look", "fake:Take"], "on": named}),
    }


SPEC = ProviderSpec(
    name="fake",
    summary="a cloud in a file",
    extra="sdk",
    kinds=frozenset({"public-ip", "private-ip", "route"}),
    settings=FakeSettings,
    build=build,
    render=render,
    validate=validate,
    permissions=permissions,
    policy=policy,
    deadline=60.0,
    environment=lambda settings, node: {"FAKE_REGION": settings.region} if settings.region else {},
)
