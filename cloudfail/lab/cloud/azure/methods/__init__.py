"""What ARM does with a request that is in order, by the call's name."""

from __future__ import annotations

from collections.abc import Mapping

from cloudfail.lab.cloud.azure.methods import interfaces, reads, routes
from cloudfail.lab.cloud.azure.methods.context import Reading, Writing

READS: Mapping[str, Reading] = reads.METHODS
WRITES: Mapping[str, Writing] = {**interfaces.METHODS, **routes.METHODS}
