"""Google's discovery document of Compute v1: which methods there are, and what they exchange.

The document is the one that google-api-python-client carries; nothing of that package is imported.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec

from cloudfail.errors import ProviderMissingError
from cloudfail.lab.cloud.gcp.schema import Schema, Schemas

# Documents before 2026 had it on every list method, and gcloud sends it.
_ALSO = {"returnPartialSuccess"}
_PARAMETER = re.compile(r"\\\{\+?(\w+)\\\}")


class Method(msgspec.Struct, frozen=True):
    """A method of Compute; `id` is like `instances.get`."""

    id: str
    verb: str
    path: str
    parameters: Mapping[str, Schema]
    request: Schema | None
    response: Schema


class Match(msgspec.Struct, frozen=True):
    method: Method
    params: Mapping[str, str]

    @property
    def path(self) -> str:
        """The request's path below the version: `projects/lab/zones/...`."""
        return self.method.path.format(**self.params)


class Contract:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self._schemas = Schemas(document["schemas"])
        self._common: Mapping[str, Schema] = document["parameters"]
        self._prefix = f"/{document['servicePath']}"
        methods = sorted(_methods(document["resources"]), key=lambda item: item.path.count("{"))
        self._routes: dict[tuple[str, int], list[tuple[Method, re.Pattern[str]]]] = {}
        for method in methods:
            key = (method.verb, (self._prefix + method.path).count("/"))
            self._routes.setdefault(key, []).append((method, self._pattern(method)))

    def find(self, verb: str, path: str) -> Match | None:
        for method, pattern in self._routes.get((verb, path.count("/")), ()):
            if found := pattern.fullmatch(path):
                return Match(
                    method, {name: unquote(value) for name, value in found.groupdict().items()}
                )
        return None

    def check_request(self, match: Match, query: Mapping[str, str], body: Any) -> Iterator[str]:
        """Tell what is wrong with a request; `body` is None when there was none."""
        known = match.method.parameters
        for name, value in match.params.items():
            yield from _check_parameter(known[name], value, name)
        yield from self._check_query(match.method, query)
        if match.method.request is not None:
            given = {} if body is None else body
            yield from self._schemas.check(
                match.method.request, given, f"compute.{match.method.id}"
            )
        elif body:
            yield "This method takes no body"

    def check_answer(self, method: Method, body: Any) -> Iterator[str]:
        yield from self._schemas.check(method.response, body, "")

    def _check_query(self, method: Method, query: Mapping[str, str]) -> Iterator[str]:
        known = {**self._common, **method.parameters}
        also = _ALSO if method.id.endswith(("list", "List")) else ()
        for name, value in query.items():
            if name in known:
                yield from _check_parameter(known[name], value, name)
            elif name not in also:
                yield f'Unknown name "{name}": Cannot bind query parameter.'
        for name, schema in method.parameters.items():
            required = schema.get("required") and schema["location"] == "query"
            if required and name not in query:
                yield f"Required parameter '{name}' not specified"

    def _pattern(self, method: Method) -> re.Pattern[str]:
        text = re.escape(self._prefix + method.path)
        return re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", text))


def _check_parameter(schema: Schema, value: str, name: str) -> Iterator[str]:
    kind = schema.get("type")
    if kind == "integer" and not re.fullmatch(r"-?\d+", value):
        yield f"{name}: expected an integer, got {value!r}"
    if kind == "boolean" and value.lower() not in {"true", "false"}:
        yield f"{name}: expected a boolean, got {value!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{name}: {value!r} is not one of {', '.join(schema['enum'])}"
    if "pattern" in schema and not re.fullmatch(schema["pattern"], value):
        yield f"{name}: {value!r} does not match {schema['pattern']}"


def _methods(resources: Mapping[str, Any]) -> Iterator[Method]:
    for resource in resources.values():
        yield from _methods(resource.get("resources", {}))
        for item in resource.get("methods", {}).values():
            yield Method(
                id=item["id"].removeprefix("compute."),
                verb=item["httpMethod"],
                path=item.get("flatPath", item["path"]),
                parameters=item.get("parameters", {}),
                request=item.get("request"),
                response=item.get("response", {"type": "object"}),
            )


@functools.cache
def load_contract() -> Contract:
    """Read the installed document, once a process; ProviderMissingError without the package."""
    found = importlib.util.find_spec("googleapiclient")
    if found is None or not found.submodule_search_locations:
        raise ProviderMissingError(
            "the embedded Google Cloud needs google-api-python-client: pip install 'cloudfail[lab]'"
        )
    folder = Path(found.submodule_search_locations[0]) / "discovery_cache" / "documents"
    return Contract(json.loads((folder / "compute.v1.json").read_text(encoding="utf-8")))
