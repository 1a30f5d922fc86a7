"""What the linter reports."""

from __future__ import annotations

import msgspec

from cloudfail.keepalived.syntax import Place
from cloudfail.model import Severity


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One mistake at one place; `remedy` says what to do, without a full stop."""

    code: str
    severity: Severity
    place: Place
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{self.place}: {self.severity.value} {self.code} {self.message}{remedy}"
