"""What a method is given."""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec

from cloudfail.lab.cloud.gcp.answers import Json
from cloudfail.lab.cloud.gcp.operations import Operations, Work
from cloudfail.lab.cloud.gcp.request import ComputeRequest
from cloudfail.lab.cloud.gcp.store import Store


class Context(msgspec.Struct, frozen=True):
    """`store` may be an older one for reads; `wait_seconds` is the longest that `wait` waits.

    `may` tells which permissions a user has in a project, `hosts` maps service projects to their
    host projects, or "".
    """

    store: Store
    operations: Operations
    may: Callable[[str, Collection[str], str], list[str]]
    wait_seconds: float
    hosts: dict[str, str]


Reading = Callable[[Context, ComputeRequest], Json]
Writing = Callable[[Context, ComputeRequest], Work]
