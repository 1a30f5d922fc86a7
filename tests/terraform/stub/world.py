"""What a stub provider remembers, and what tests tell it: the state of a cloud that is none."""

from __future__ import annotations

from typing import Any

Values = dict[str, Any]


class World:
    def __init__(self) -> None:
        self._objects: dict[tuple[str, str], Values] = {}
        self._gone: set[tuple[str, str]] = set()
        self._data: list[tuple[str, Values, Values]] = []
        self._seed = 0

    def next_seed(self) -> str:
        self._seed += 1
        return str(self._seed)

    def remember(self, kind: str, values: Values) -> None:
        self._objects[kind, values["id"]] = values

    def forget(self, kind: str, values: Values) -> None:
        self._objects.pop((kind, values["id"]), None)

    def read(self, kind: str, current: Values) -> Values | None:
        """The object now; nothing when it was deleted; what is not remembered is as it was."""
        key = (kind, current["id"])
        return None if key in self._gone else self._objects.get(key, current)

    def data(self, kind: str, config: Values) -> Values:
        """The object that is asked for, if it was applied, and what tests told: the last word counts."""
        told = self._asked(kind, config)
        for each, where, values in self._data:
            if each == kind and all(config.get(name) == value for name, value in where.items()):
                told |= values
        return told

    def _asked(self, kind: str, config: Values) -> Values:
        asked = {name: each for name, each in config.items() if isinstance(each, str)}
        for (each, _), values in self._objects.items():
            if each == kind and asked and all(values.get(name) == asked[name] for name in asked):
                return dict(values)
        return {}

    def reset(self) -> None:
        """Forget what was applied and told. Identifiers go on being new."""
        self._objects.clear()
        self._gone.clear()
        self._data.clear()

    def objects(self) -> list[Values]:
        return [{"type": kind, "values": values} for (kind, _), values in self._objects.items()]

    def put(self, kind: str, values: Values) -> None:
        """Change an object behind Terraform's back."""
        key = (kind, values["id"])
        if key not in self._objects:
            raise LookupError(f"{kind} {values['id']} was never applied")
        self._objects[key] |= values

    def delete(self, kind: str, identifier: str) -> None:
        """Delete an object behind Terraform's back."""
        if (kind, identifier) not in self._objects:
            raise LookupError(f"{kind} {identifier} was never applied")
        del self._objects[kind, identifier]
        self._gone.add((kind, identifier))

    def tell(self, kind: str, where: Values, values: Values) -> None:
        """What data sources of this type say, when their arguments are like `where`."""
        self._data.append((kind, where, values))
