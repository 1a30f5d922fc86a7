"""What ARM's requests are called here, which version of an API they speak, and how many may leave.

A request is named by its resource's type and its verb: `networkInterfaces.put`, `routes.put`,
`routeTables.get`; the GET of a collection is a `list`. Source of the limits:
azure-resource-manager/management/request-limits-and-throttling.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from cloudfail.throttle import Limit

# The one that azure-mgmt-network speaks: an older one would leave out, and so reset, newer fields.
NETWORK_VERSION = "2026-03-01"
VERSIONS: Mapping[str, str] = {"permissions": "2022-04-01", "locks": "2020-05-01"}
# Where the version stands in the URL already.
AS_GIVEN = frozenset({"operations", "operationResults"})

_VERBS: Mapping[str, str] = {
    "get": "GET",
    "list": "GET",
    "put": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
    "post": "POST",
}
READ, WRITE = Limit(capacity=250, refill=25), Limit(capacity=200, refill=10)


def verb_of(operation: str) -> str:
    """Return the HTTP method of an operation."""
    return _VERBS[operation.rpartition(".")[2]]


def version_of(operation: str, network: str = "") -> str:
    """Return the `api-version` to ask for, "" where the URL says it; `network` is a configured one."""
    kind = operation.partition(".")[0]
    if kind in AS_GIVEN:
        return ""
    return VERSIONS.get(kind) or network or NETWORK_VERSION


def is_mutating(verb: str) -> bool:
    """True unless the HTTP request is known only to look."""
    return verb not in {"GET", "HEAD"}


def operation_of(verb: str, url: str) -> str:
    """Return what a request is called: `networkInterfaces.put`, whatever path the endpoint has."""
    above, subscriptions, below = urlsplit(url).path.partition("/subscriptions/")
    path = (f"{subscriptions}{below}" if subscriptions else above).strip("/").split("/")
    is_item = len(path) % 2 == 0
    kind = path[-2] if is_item and len(path) > 1 else path[-1]
    name = "list" if verb == "GET" and not is_item else verb.lower()
    return f"{kind}.{name}"
