"""Is everything in place for a failover? Looks at a node before and during operation."""

from __future__ import annotations

from cloudfail.doctor.check import DEADLINE, Case, Check, Machine, Status
from cloudfail.doctor.examination import Options, examine

__all__ = ["DEADLINE", "Case", "Check", "Machine", "Options", "Status", "examine"]
