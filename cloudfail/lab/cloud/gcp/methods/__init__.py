"""The methods of Compute that this fake has, by their ids."""

from __future__ import annotations

from collections.abc import Mapping

from cloudfail.lab.cloud.gcp.methods import forwarding_rules, instances, reads, routes
from cloudfail.lab.cloud.gcp.methods.context import Reading, Writing

READS: Mapping[str, Reading] = reads.METHODS
WRITES: Mapping[str, Writing] = {
    **instances.METHODS,
    **routes.METHODS,
    **forwarding_rules.METHODS,
}
