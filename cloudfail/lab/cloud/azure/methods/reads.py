"""GET of resources, of collections page by page, of operations, of permissions."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from cloudfail.lab.cloud.azure.answers import Answer, Json
from cloudfail.lab.cloud.azure.contract import MODELS
from cloudfail.lab.cloud.azure.derived import shown
from cloudfail.lab.cloud.azure.links import is_within
from cloudfail.lab.cloud.azure.methods.context import Context, Reading
from cloudfail.lab.cloud.azure.operations import retry_after
from cloudfail.lab.cloud.azure.request import ArmRequest

_TOKEN = "$skiptoken"  # noqa: S105 - where a page begins


def _get(context: Context, request: ArmRequest) -> Answer:
    found = shown(context.store, context.store.get(request.target))
    return Answer(found, headers={"ETag": found["etag"]})


def _list(context: Context, request: ArmRequest) -> Answer:
    if len(request.types) > 1:
        parent = context.store.get(request.target)
        items = list(parent["properties"].get(request.kind, ()))
    else:
        items = list(context.store.every(request.kind, request.target))
        if not items and "/resourcegroups/" in request.target.lower():
            _require_group(context, request.target)
    return _page(context, request, [shown(context.store, item) for item in items])


def _require_group(context: Context, group: str) -> None:
    error = context.store.missing(f"{group}/providers/Microsoft.Network/networkInterfaces/any")
    if error.code != "ResourceNotFound":
        raise error


def _page(context: Context, request: ArmRequest, items: list[Json]) -> Answer:
    """azure-resource-manager: more than a page has a `nextLink`, to be followed as it is."""
    begin = int(request.query.get(_TOKEN, "0"))
    end = begin + context.page_size
    more: Json = {}
    if end < len(items):
        query = urlencode({**request.query, _TOKEN: end})
        more = {"nextLink": f"{context.endpoint}{_path(request)}?{query}"}
    return Answer({"value": items[begin:end], **more})


def _path(request: ArmRequest) -> str:
    if len(request.types) > 1:
        return f"{request.target}/{request.kind}"
    return f"{request.target}/providers/Microsoft.Network/{request.kind}"


def _operation(context: Context, request: ArmRequest) -> Answer:
    operation = context.operations.find(request.target)
    work = operation.work
    context.iam.require_tracking(request.user, operation.action, work.top, request.target)
    later = retry_after(context.budget) if operation.status == "InProgress" else {}
    return Answer(operation.document, headers=later)


def _result(context: Context, request: ArmRequest) -> Answer:
    """azure-resource-manager/management/async-operations: 202 until it is over, then the result."""
    operation = context.operations.find(request.target)
    work = operation.work
    context.iam.require_tracking(request.user, operation.action, work.top, request.target)
    if operation.status == "InProgress":
        where = f"{context.endpoint}{request.target}?{urlencode(request.query)}"
        return Answer(None, 202, {"Location": where, **retry_after(context.budget)})
    if operation.error is not None:
        raise operation.error
    found = context.store.find(work.resource)
    return Answer(None, 204) if found is None else Answer(shown(context.store, found))


def _permissions(context: Context, request: ArmRequest) -> Answer:
    return Answer({"value": context.iam.permissions(request.user, request.target)})


def _locks(context: Context, request: ArmRequest) -> Answer:
    found = [
        {
            "id": f"{scope}/providers/Microsoft.Authorization/locks/lock{number}",
            "name": f"lock{number}",
            "type": "Microsoft.Authorization/locks",
            "properties": {"level": level},
        }
        for number, (scope, level) in enumerate(context.locks)
        if is_within(request.target, scope) or is_within(scope, request.target)
    ]
    return Answer({"value": found})


METHODS: Mapping[str, Reading] = {
    **{f"{types[-1]}.get": _get for types in MODELS},
    **{f"{types[-1]}.list": _list for types in MODELS},
    "operations.get": _operation,
    "operationResults.get": _result,
    "permissions.list": _permissions,
    "locks.list": _locks,
}
