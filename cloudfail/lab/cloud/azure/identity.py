"""How IMDS answers for a token of a managed identity.

entra/identity/managed-identities-azure-resources/how-to-use-vm-token, which lists the errors.
"""

from __future__ import annotations

import json

from cloudfail.clock import wall_clock
from cloudfail.lab.cloud.azure.tokens import Session, Tokens
from cloudfail.lab.cloud.azure.world import Built
from cloudfail.lab.cloud.httpd import Incoming, Reply

VERSIONS = ("2018-02-01", "2019-08-01", "2020-06-01", "2021-02-01")
_JSON = {"Content-Type": "application/json; charset=utf-8", "Server": "IMDS/150.870.65.1556"}


def token_reply(
    incoming: Incoming, tokens: Tokens, built: Built, node: str, lifetime: float
) -> Reply:
    """Answer for a node; new tokens are good for `lifetime` seconds."""
    problem = _refused(incoming)
    if problem is not None:
        return _error(*problem)
    wanted = _client_id(incoming, built, node)
    resource = incoming.query["resource"]
    session = None if wanted is None else tokens.of_node(built, node, wanted, resource, lifetime)
    if session is None:
        return _error("invalid_request", "Identity not found")
    return Reply(200, json.dumps(_document(session)).encode(), _JSON)


def _refused(incoming: Incoming) -> tuple[str, str] | None:
    """Return the error and its description, None for a request that is well-formed."""
    query = incoming.query
    if "x-forwarded-for" in incoming.headers:
        return "bad_request_102", "X-Forwarded-For is not allowed"
    if incoming.headers.get("metadata", "").lower() != "true":
        return "bad_request_102", "Required metadata header not specified"
    if query.get("api-version", "") not in VERSIONS:
        return "invalid_request", "api-version is invalid or was not specified"
    resource = query.get("resource", "")
    if not resource:
        return "invalid_request", "Required query variable 'resource' is missing"
    if not resource.startswith("https://"):
        words = f"AADSTS500011: The resource principal named {resource} was not found in the tenant"
        return "invalid_resource", words
    return None


def _client_id(incoming: Incoming, built: Built, node: str) -> str | None:
    """Return whose token is wanted; "" is the system-assigned identity's, None: nobody's."""
    principal = incoming.query.get("object_id") or incoming.query.get("principal_id")
    if principal:
        known = built.nodes[node].principals.items()
        return next((client for client, one in known if one == principal.lower()), None)
    if "msi_res_id" in incoming.query or "mi_res_id" in incoming.query:
        return None  # the lab's identities are no resources
    return incoming.query.get("client_id", "")


def _document(session: Session) -> dict[str, str]:
    """Numbers are texts here, unlike in OAuth 2.0."""
    seconds = max(0, int(session.expires - wall_clock()))
    return {
        "access_token": session.token,
        "client_id": session.client_id,
        "expires_in": str(seconds),
        "expires_on": str(int(session.expires)),
        "ext_expires_in": str(seconds),
        "not_before": str(int(session.issued)),
        "resource": session.audience,
        "token_type": "Bearer",
    }


def _error(code: str, words: str) -> Reply:
    body = json.dumps({"error": code, "error_description": words})
    return Reply(400, body.encode(), _JSON)
