"""What methods are given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from cloudfail.lab.cloud.azure.answers import Answer
from cloudfail.lab.cloud.azure.iam import Iam
from cloudfail.lab.cloud.azure.operations import Operations, Work
from cloudfail.lab.cloud.azure.request import ArmRequest
from cloudfail.lab.cloud.azure.rules.locks import Lock
from cloudfail.lab.cloud.azure.store import Store
from cloudfail.lab.cloud.faults import Budget


class Context(msgspec.Struct, frozen=True):
    """`store` is what a read shows; `zones` are those of virtual machines, by key of their ids."""

    store: Store
    operations: Operations
    iam: Iam
    budget: Budget
    locks: Iterable[Lock]
    zones: Mapping[str, str]
    page_size: int
    endpoint: str


Reading = Callable[[Context, ArmRequest], Answer]
Writing = Callable[[Context, ArmRequest], Work | Answer]
