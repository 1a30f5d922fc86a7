"""The safety rules of cloudfail, and for each at least one way to break it.

The numbers are those of docs/explanation/safety-rules.md.
"""

from __future__ import annotations

from mutation.aws import AWS
from mutation.core import CORE
from mutation.tree import Mutation

MUTATIONS: tuple[Mutation, ...] = CORE + AWS
