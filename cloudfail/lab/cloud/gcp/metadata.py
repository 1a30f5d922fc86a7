"""The metadata server, live from the embedded cloud's state.

compute/docs/metadata/querying-metadata: requests need `Metadata-Flavor: Google`, must not have
`X-Forwarded-For`, and answers carry the same header.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cloudfail.clock import wall_clock
from cloudfail.lab.cloud.gcp.answers import ComputeError
from cloudfail.lab.cloud.gcp.notices import shown_in
from cloudfail.lab.cloud.gcp.tree import find, is_directory, text_of, tree_of
from cloudfail.lab.cloud.gcp.waiting import etag_of, settled
from cloudfail.lab.cloud.httpd import ConnectionCutError, Incoming, Reply

if TYPE_CHECKING:
    from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp

_PREFIX = "/computeMetadata/v1"
_GOOGLE = {"Metadata-Flavor": "Google", "Server": "Metadata Server for VM"}
_TEXT = {**_GOOGLE, "Content-Type": "application/text"}
_JSON = {**_GOOGLE, "Content-Type": "application/json"}


class Metadata:
    """Answers for the node that `node_of` names for the caller's address ("": 404)."""

    def __init__(self, cloud: EmbeddedGcp, node_of: Callable[[str], str]) -> None:
        self._cloud = cloud
        self._node_of = node_of

    def handle(self, incoming: Incoming) -> Reply:
        faults = self._cloud.faults
        if faults.metadata_down:
            raise ConnectionCutError
        if faults.metadata_latency_ms > 0:
            threading.Event().wait(faults.metadata_latency_ms / 1000)
        if incoming.path in {"", "/"}:
            return Reply(200, b"computeMetadata/\n", _TEXT)
        if incoming.headers.get("metadata-flavor") != "Google":
            return Reply(403, b"Missing Metadata-Flavor:Google header.", _TEXT)
        if "x-forwarded-for" in incoming.headers:
            return Reply(403, b"X-Forwarded-For is not allowed.", _TEXT)
        node = self._node_of(incoming.source)
        if not node or not incoming.path.startswith(_PREFIX) or incoming.method != "GET":
            return Reply(404, b"", _TEXT)
        return self._value(node, incoming)

    def _value(self, node: str, incoming: Incoming) -> Reply:
        path = incoming.path.removeprefix(_PREFIX)
        try:
            secret = self._secret(node, self._tree(node), path, incoming)
            if secret is not None:
                return secret
            value = settled(incoming, self._cloud.notices, lambda: self._look(node, path))
        except (KeyError, ComputeError):
            return Reply(404, b"", _TEXT)
        except ValueError:
            return Reply(400, b"timeout_sec must be a number of seconds", _TEXT)
        notices = self._cloud.notices
        notices.see(shown_in(incoming, notices.of_node(node)))
        return _shown(value, incoming)

    def _look(self, node: str, path: str) -> Any:
        if not self._cloud.is_running or self._cloud.faults.metadata_down:
            raise ConnectionCutError
        return find(self._tree(node), path.replace("universe_domain", "universe-domain"))

    def _tree(self, node: str) -> Any:
        api = self._cloud.api
        with api.lock:
            store = api.memory.shown_to_metadata(api.store, api.faults)
            built = self._cloud.built.nodes[node]
            return tree_of(store, built, self._cloud.notices.of_node(node))

    def _secret(self, node: str, tree: Any, path: str, incoming: Incoming) -> Reply | None:
        """Answer what no listing shows: a token, an identity."""
        parts = path.strip("/").split("/")
        if parts[:2] != ["instance", "service-accounts"] or len(parts) != 4:  # noqa: PLR2004
            return None
        email = tree["instance"]["serviceAccounts"][parts[2]]["email"]
        session = self._cloud.api.iam.sessions.of_node(node, email)
        if parts[3] == "token":
            token = {"access_token": session.token, "expires_in": 3599, "token_type": "Bearer"}
            return Reply(200, json.dumps(token).encode(), _JSON)
        if parts[3] == "identity":
            return _identity(tree, email, incoming.query)
        return None


def _shown(value: Any, incoming: Incoming) -> Reply:
    tag = {"ETag": etag_of(value)}
    if incoming.query.get("recursive", "").lower() == "true":
        return Reply(200, json.dumps(value).encode(), {**_JSON, **tag})
    if is_directory(value) and not incoming.path.endswith("/"):
        return Reply(301, b"", {**_TEXT, "Location": f"{incoming.path}/"})
    if not is_directory(value) and incoming.query.get("alt") == "json":
        return Reply(200, json.dumps(value).encode(), {**_JSON, **tag})
    return Reply(200, text_of(value).encode(), {**_TEXT, **tag})


def _identity(tree: Any, email: str, query: Any) -> Reply:
    """Return a token of the right form; nobody can verify its signature, which is random."""
    if "audience" not in query:
        return Reply(400, b"non-empty audience parameter required", _TEXT)
    now = int(wall_clock())
    claims = {
        "aud": query["audience"],
        "azp": str(tree["instance"]["id"]),
        "email": email,
        "email_verified": True,
        "exp": now + 3600,
        "iat": now,
        "iss": "https://accounts.google.com",
        "sub": str(tree["instance"]["id"]),
    }
    if query.get("format") == "full":
        claims["google"] = {"compute_engine": _machine(tree)}
    parts = [json.dumps({"alg": "RS256", "kid": "lab", "typ": "JWT"}), json.dumps(claims)]
    texts = [part.encode() for part in parts] + [secrets.token_bytes(256)]
    encoded = b".".join(base64.urlsafe_b64encode(text).rstrip(b"=") for text in texts)
    return Reply(200, encoded, _TEXT)


def _machine(tree: Any) -> Any:
    instance, project = tree["instance"], tree["project"]
    return {
        "instance_id": str(instance["id"]),
        "instance_name": instance["name"],
        "project_id": project["projectId"],
        "project_number": project["numericProjectId"],
        "zone": instance["zone"].rpartition("/")[2],
    }
