from __future__ import annotations

from lab.conftest import real_lab

__all__ = ["real_lab"]
