"""The control API under `/_lab`, for CloudControl in another process."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from cloudfail.errors import CloudfailError
from cloudfail.lab.cloud.client import PREFIX
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.httpd import Incoming, Reply

if TYPE_CHECKING:
    from cloudfail.lab.cloud.interface import EmbeddedCloud

_JSON = {"Content-Type": "application/json"}


class Named(msgspec.Struct, frozen=True):
    name: str


class NoticeAsked(msgspec.Struct, frozen=True):
    node: str
    kind: str = ""
    seconds: float = 120.0


class PoliciesAsked(msgspec.Struct, frozen=True):
    policies: list[dict[str, Any]] | None
    roles: dict[str, list[dict[str, Any]]] = {}
    attached: bool = False


class Control:
    """Answers 200 with JSON, 400 with a sentence, 404 for what it does not know."""

    def __init__(self, cloud: EmbeddedCloud) -> None:
        self._cloud = cloud
        self._routes: dict[str, Callable[[Incoming], Any]] = {
            "ready": lambda _: True,
            "build": self._build,
            "adopt": self._adopt,
            "built": lambda _: cloud.built,
            "faults": self._set_faults,
            "changes": self._changes,
            "calls": lambda asked: cloud.calls_since(int(asked.query.get("since", "0"))),
            "holders": lambda _: cloud.holders,
            "violations": lambda _: cloud.violations,
            "terminate": self._terminate,
            "iam": self._enforce,
            "announce": self._announce,
            "withdraw": self._withdraw,
            "announced": lambda _: cloud.announced,
            "reset": lambda _: cloud.reset(),
        }

    def handle(self, incoming: Incoming) -> Reply:
        name = incoming.path.removeprefix(f"{PREFIX}/")
        route = self._routes.get(name)
        if route is None:
            known = ", ".join(sorted(self._routes))
            return Reply(404, f"no {name!r} here; there are {known}".encode())
        try:
            answer = route(incoming)
        except (CloudfailError, msgspec.ValidationError, msgspec.DecodeError, ValueError) as exc:
            return Reply(400, str(exc).encode())
        return Reply(200, msgspec.json.encode(answer), _JSON)

    def _build(self, asked: Incoming) -> Any:
        return self._cloud.build(msgspec.json.decode(asked.body, type=self._cloud.world_type))

    def _adopt(self, asked: Incoming) -> Any:
        return self._cloud.adopt(msgspec.json.decode(asked.body, type=dict[str, str]))

    def _set_faults(self, asked: Incoming) -> Faults:
        if asked.method == "POST":
            self._cloud.faults = msgspec.json.decode(asked.body, type=Faults)
        return self._cloud.faults

    def _changes(self, asked: Incoming) -> Any:
        since = int(asked.query.get("since", "0"))
        return self._cloud.changes_since(since, float(asked.query.get("wait", "0")))

    def _terminate(self, asked: Incoming) -> None:
        self._cloud.terminate_node(msgspec.json.decode(asked.body, type=Named).name)

    def _announce(self, asked: Incoming) -> Any:
        wanted = msgspec.json.decode(asked.body, type=NoticeAsked)
        return self._cloud.announce(wanted.node, wanted.kind, wanted.seconds)

    def _withdraw(self, asked: Incoming) -> None:
        wanted = msgspec.json.decode(asked.body, type=NoticeAsked)
        self._cloud.withdraw(wanted.node, wanted.kind)

    def _enforce(self, asked: Incoming) -> None:
        wanted = msgspec.json.decode(asked.body, type=PoliciesAsked)
        if wanted.attached:
            self._cloud.enforce_attached_iam()
        elif wanted.policies is None:
            self._cloud.relax_iam()
        else:
            self._cloud.enforce_iam(wanted.policies, wanted.roles)
