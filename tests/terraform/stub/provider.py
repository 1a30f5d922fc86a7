"""A provider without a cloud: it plans, applies and remembers what its schema allows.

As real providers do, it refuses an argument that only the provider decides, marks what it will
decide as unknown in a plan, decides it at apply, and reads what it remembers. It does not know
which change replaces an object: everything is updated in place.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from terraform.stub import schema
from terraform.stub.protocol import CALLS, ERROR, UNKNOWN, decode, encode, is_unknown, message
from terraform.stub.shapes import Shapes
from terraform.stub.world import World


class Provider:
    def __init__(self, schemas: schema.Schemas, world: World) -> None:
        self._schemas = schemas
        self._schemas_message = schema.to_message(schemas)
        self._world = world
        self._shapes = Shapes(schemas.address.rpartition("/")[2])
        self._lock = threading.Lock()

    def calls(self) -> dict[str, Callable[[Any], Any]]:
        """What answers each call of the protocol."""
        nothing: Callable[[Any], None] = lambda _request: None  # noqa: E731
        return {
            **dict.fromkeys(CALLS, nothing),
            "GetProviderSchema": lambda _request: self._schemas_message,
            "ValidateResourceConfig": lambda request: _validate(self._resource(request), request),
            "ValidateDataResourceConfig": lambda request: _validate(
                self._data_source(request), request
            ),
            "ConfigureProvider": self._configure,
            "UpgradeResourceState": self._upgrade,
            "ReadResource": self._read,
            "PlanResourceChange": self._plan,
            "ApplyResourceChange": self._apply,
            "ReadDataSource": self._read_data,
        }

    def _resource(self, request: Any) -> schema.Json:
        block: schema.Json = self._schemas.resources[request.type_name]["block"]
        return block

    def _data_source(self, request: Any) -> schema.Json:
        block: schema.Json = self._schemas.data_sources[request.type_name]["block"]
        return block

    def _configure(self, request: Any) -> None:
        self._shapes.configure(decode(request.config) or {})

    def _upgrade(self, request: Any) -> Any:
        stored = message("DynamicValue", json=request.raw_state.json)
        return message("Upgraded", upgraded_state=encode(self._complete(request, decode(stored))))

    def _complete(self, request: Any, value: Any) -> Any:
        return schema.walk(self._resource(request), value, lambda _name, _schema, each: each)

    def _read(self, request: Any) -> Any:
        current = decode(request.current_state)
        with self._lock:
            found = self._world.read(request.type_name, current)
        return message("Read", new_state=encode(self._complete(request, found)))

    def _plan(self, request: Any) -> Any:
        prior, proposed = decode(request.prior_state), decode(request.proposed_new_state)
        if proposed is None or proposed == prior:
            return message("Planned", planned_state=request.proposed_new_state)
        planned = schema.walk(self._resource(request), proposed, _unknown_if_decided)
        return message("Planned", planned_state=encode(planned))

    def _apply(self, request: Any) -> Any:
        planned, prior = decode(request.planned_state), decode(request.prior_state)
        with self._lock:
            if planned is None:
                self._world.forget(request.type_name, prior)
                return message("Applied", new_state=request.planned_state)
            seed = prior["id"] if prior else self._world.next_seed()
            applied = self._shapes.resource(
                request.type_name, self._resource(request), planned, seed
            )
            self._world.remember(request.type_name, applied)
        return message("Applied", new_state=encode(applied))

    def _read_data(self, request: Any) -> Any:
        config, name = decode(request.config), request.type_name
        with self._lock:
            told = self._world.data(name, config)
        block = self._data_source(request)
        found = self._shapes.data_source(name, block, {**config, **told})
        return message("Data", state=encode(found))


def _unknown_if_decided(_name: str, attribute: schema.Json, value: Any) -> Any:
    return UNKNOWN if value is None and attribute.get("computed") else value


def _validate(block: schema.Json, request: Any) -> Any:
    """Arguments that only the provider decides: Terraform leaves the refusal to providers."""
    refused = [
        message(
            "Diagnostic",
            severity=ERROR,
            summary="Value for unconfigurable attribute",
            detail=f'Can\'t configure a value for "{name}" of {request.type_name}: '
            "its value will be decided automatically based on the result of applying this configuration.",
        )
        for name, attribute, value in schema.attributes(block, decode(request.config))
        if value is not None and not is_unknown(value)
        if attribute.get("computed") and not attribute.get("optional")
    ]
    return message("Diagnostics", diagnostics=refused)
