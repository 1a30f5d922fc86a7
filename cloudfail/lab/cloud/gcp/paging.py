"""Pages of list methods, as the discovery document words them: filter, orderBy, maxResults."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence

from cloudfail.lab.cloud.gcp.answers import Json, invalid
from cloudfail.lab.cloud.gcp.filters import parse_filter

_MOST = 500


def page_of(items: Sequence[Json], query: Mapping[str, str]) -> Json:
    """Return `items` and `nextPageToken`, each only when there is one.

    A token names the last resource shown, so that a list that changes meanwhile is still resumed.
    """
    test = parse_filter(query.get("filter", ""))
    ordered = _ordered([item for item in items if test(item)], query.get("orderBy", ""))
    begin = _begin(ordered, query.get("pageToken", ""))
    size = _size(query.get("maxResults", str(_MOST)))
    shown, rest = ordered[begin : begin + size], ordered[begin + size :]
    page: Json = {"items": shown} if shown else {}
    if shown and rest:
        page["nextPageToken"] = _token(shown[-1])
    return page


def _size(text: str) -> int:
    size = int(text)
    if not 0 <= size <= _MOST:
        raise invalid("maxResults", text, f"Acceptable values are 0 to {_MOST}, inclusive.")
    return size or _MOST


def _ordered(items: list[Json], how: str) -> list[Json]:
    if how in {"", "name"}:
        return sorted(items, key=lambda item: (str(item["name"]), str(item["selfLink"])))
    if how == "creationTimestamp desc":
        return sorted(items, key=lambda item: int(item["id"]), reverse=True)
    raise invalid("orderBy", how, "Only name or creationTimestamp desc is supported.")


def _begin(items: Sequence[Json], token: str) -> int:
    if not token:
        return 0
    try:
        last = base64.b64decode(token, b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as exc:
        raise invalid("pageToken", token, "The page token is not valid.") from exc
    links = [str(item["selfLink"]) for item in items]
    if last in links:
        return links.index(last) + 1
    # It is gone meanwhile: go on with what would have come after it.
    name = last.rsplit("/", maxsplit=1)[-1]
    return sum(str(item["name"]) <= name for item in items)


def _token(item: Json) -> str:
    return base64.urlsafe_b64encode(str(item["selfLink"]).encode()).decode()
