"""The URLs by which Compute names its resources, and the paths by which this fake keeps them.

A path is `projects/lab/zones/europe-west1-b/instances/a`; a link is Google's URL of it.
"""

from __future__ import annotations

import re

HOST = "https://www.googleapis.com/compute/v1/"
_VERSIONED = re.compile(r"^(?:https?://[^/]+/)?(?:compute/)?(?:v1|beta|alpha)/")


def link(path: str) -> str:
    return HOST + path


def path_of(url: str, project: str) -> str:
    """Read a full or partial URL, as every field of Compute takes them."""
    path = _VERSIONED.sub("", url).lstrip("/")
    return path if path.startswith("projects/") else f"projects/{project}/{path}"


def name_of(path: str) -> str:
    return path.rsplit("/", maxsplit=1)[-1]


def parent_of(path: str) -> str:
    """Return the collection of a resource, or the scope of a collection."""
    return path.rsplit("/", maxsplit=1)[0]


def collection_of(path: str) -> str:
    return path.split("/")[-2]


def scope_of(path: str) -> str:
    """Return `projects/P/zones/Z`, `projects/P/regions/R` or `projects/P/global`."""
    parts = path.split("/")
    return "/".join(parts[:3] if parts[2:3] == ["global"] else parts[:4])


def project_of(path: str) -> str:
    return path.split("/")[1]


def region_of(scope: str) -> str:
    """Return the region of a zonal or regional path, "" of a global one."""
    parts = scope.split("/")
    match parts[2:4]:
        case ["zones", zone]:
            return zone.rsplit("-", maxsplit=1)[0]
        case ["regions", region]:
            return region
        case _:
            return ""
