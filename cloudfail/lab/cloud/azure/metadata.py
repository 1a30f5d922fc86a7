"""The Instance Metadata Service, live from the embedded cloud's state.

virtual-machines/instance-metadata-service: requests need `Metadata: true` and an api-version, and
must not have `X-Forwarded-For`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from cloudfail.lab.cloud.azure.identity import token_reply
from cloudfail.lab.cloud.azure.scheduled import VERSIONS as EVENT_VERSIONS
from cloudfail.lab.cloud.azure.scheduled import ScheduledEvents
from cloudfail.lab.cloud.azure.store import Store
from cloudfail.lab.cloud.azure.tokens import Tokens
from cloudfail.lab.cloud.azure.tree import find, is_leaf, text_of, tree_of
from cloudfail.lab.cloud.azure.world import Built
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.httpd import ConnectionCutError, Incoming, Reply
from cloudfail.lab.cloud.memory import Memory

VERSIONS = (
    *("2017-04-02", "2017-08-01", "2017-12-01", "2018-02-01", "2018-04-02", "2018-10-01"),
    *("2019-02-01", "2019-03-11", "2019-04-30", "2019-06-01", "2019-06-04", "2019-08-01"),
    *("2019-08-15", "2019-11-01", "2020-06-01", "2020-07-15", "2020-09-01", "2020-10-01"),
    *("2020-12-01", "2021-01-01", "2021-02-01", "2021-03-01", "2021-05-01", "2021-10-01"),
    *("2021-11-01", "2021-11-15", "2021-12-13", "2023-07-01", "2023-11-15", "2025-04-07"),
)
_SHOWN = 3
_SERVER = {"Server": "IMDS/150.870.65.1556"}
JSON = {**_SERVER, "Content-Type": "application/json; charset=utf-8"}
_TEXT = {**_SERVER, "Content-Type": "text/plain; charset=utf-8"}
_MORE = "For more information refer to aka.ms/azureimds"


class Resources(Protocol):
    """What there is; whoever reads holds the lock."""

    @property
    def lock(self) -> AbstractContextManager[Any]: ...
    @property
    def store(self) -> Store: ...
    @property
    def memory(self) -> Memory[Store]: ...


class Cloud(Protocol):
    """What metadata is about."""

    @property
    def api(self) -> Resources: ...
    @property
    def faults(self) -> Faults: ...
    @property
    def built(self) -> Built: ...
    @property
    def tokens(self) -> Tokens: ...
    @property
    def scheduled(self) -> ScheduledEvents: ...


class Metadata:
    """Answers for the node that `node_of` names for the caller's address ("": 404)."""

    def __init__(self, cloud: Cloud, node_of: Callable[[str], str]) -> None:
        self._cloud = cloud
        self._node_of = node_of

    def handle(self, incoming: Incoming) -> Reply:
        faults = self._cloud.faults
        if faults.metadata_down:
            raise ConnectionCutError
        if faults.metadata_latency_ms > 0:
            threading.Event().wait(faults.metadata_latency_ms / 1000)
        parts = incoming.path.strip("/").lower().split("/")
        if parts[:4] == ["metadata", "identity", "oauth2", "token"]:
            return self._token(incoming)
        problem = _refused(incoming)
        if problem:
            return _bad(problem)
        node = self._node_of(incoming.source)
        if not node or parts[0] != "metadata" or len(parts) == 1:
            return _missing()
        return self._value(node, parts[1], parts[2:], incoming)

    def _value(self, node: str, name: str, rest: Sequence[str], incoming: Incoming) -> Reply:
        if name == "versions":
            return _json({"apiVersions": list(VERSIONS)})
        if name == "instance":
            return self._instance(node, rest, incoming)
        if name == "scheduledevents" and not rest:
            return self._events(node, incoming)
        return _missing()

    def _instance(self, node: str, path: Sequence[str], incoming: Incoming) -> Reply:
        if incoming.method != "GET":
            return _not_allowed(incoming)
        version = incoming.query.get("api-version", "")
        if version not in VERSIONS:
            return _version(VERSIONS)
        try:
            value = find(self._tree(node, version), path)
        except KeyError:
            return _missing()
        if incoming.query.get("format", "json").lower() == "text":
            return Reply(200, text_of(value).encode(), _TEXT)
        if is_leaf(value):
            return _bad(f"Bad request. Leaf nodes are only supported with format=text. {_MORE}")
        return _json(value)

    def _tree(self, node: str, version: str) -> Any:
        api, built = self._cloud.api, self._cloud.built
        with api.lock:
            store = api.memory.shown_to_metadata(api.store, self._cloud.faults)
            return tree_of(store, built, built.nodes[node], version)

    def _events(self, node: str, incoming: Incoming) -> Reply:
        version = incoming.query.get("api-version", "")
        if version not in EVENT_VERSIONS:
            return _version(EVENT_VERSIONS)
        events = self._cloud.scheduled
        if incoming.method == "POST":
            if events.start(node, incoming.body):
                return Reply(200, b"", JSON)
            return _bad("Bad request. StartRequests names no scheduled event of this machine.")
        if incoming.method != "GET":
            return _not_allowed(incoming)
        return _json(events.document(node, self._cloud.built.nodes[node].name, version))

    def _token(self, incoming: Incoming) -> Reply:
        node = self._node_of(incoming.source)
        if not node:
            return _missing()
        if incoming.method != "GET":
            return _not_allowed(incoming)
        tokens, lifetime = self._cloud.tokens, self._cloud.faults.token_s
        return token_reply(incoming, tokens, self._cloud.built, node, lifetime)


def _refused(incoming: Incoming) -> str:
    if "x-forwarded-for" in incoming.headers:
        return f"Bad request. X-Forwarded-For is not allowed. {_MORE}"
    if incoming.headers.get("metadata", "").lower() != "true":
        return "Bad request. Required metadata header not specified"
    return ""


def _version(known: Sequence[str]) -> Reply:
    words = f"Bad request. api-version is invalid or was not specified in the request. {_MORE}"
    newest = sorted(known, reverse=True)[:_SHOWN]
    return _json({"error": words, "newest-versions": newest}, 400)


def _bad(words: str) -> Reply:
    return _json({"error": words}, 400)


def _missing() -> Reply:
    return _json({"error": "Not found"}, 404)


def _not_allowed(incoming: Incoming) -> Reply:
    return _json({"error": f"Method not allowed: {incoming.method}"}, 405)


def _json(value: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(value).encode(), JSON)
