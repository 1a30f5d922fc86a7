"""The safety rules of cloudfail, and for each at least one way to break it.

The numbers are those of docs/explanation/safety-rules.md.
"""

from __future__ import annotations

from mutation.agent_role import AGENT_ROLE
from mutation.agent_work import AGENT_WORK
from mutation.aws import AWS
from mutation.azure_moves import AZURE
from mutation.core import CORE
from mutation.gcp import GCP
from mutation.gcp_routes import GCP_ROUTES
from mutation.tree import Mutation

RULES = range(1, 19)
MUTATIONS: tuple[Mutation, ...] = CORE + AWS + GCP + GCP_ROUTES + AZURE + AGENT_ROLE + AGENT_WORK
