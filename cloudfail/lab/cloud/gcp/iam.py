"""Who may do what. Off at first: then any bearer token does."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from cloudfail.errors import UsageError
from cloudfail.lab.cloud.gcp.answers import ComputeError, denial
from cloudfail.lab.cloud.gcp.links import project_of
from cloudfail.lab.cloud.gcp.permissions import Need
from cloudfail.lab.cloud.httpd import Incoming
from cloudfail.lab.cloud.sessions import Sessions

ADMIN = "administrator@lab.example"
ADMIN_TOKEN = "ya29.lab-administrator"  # noqa: S105 - of the lab's own cloud
Document = Mapping[str, Any]


class Iam:
    """The service accounts of one embedded cloud, and what their custom roles hold.

    A role is a document as `gcloud iam roles create --file` takes it; `project` in it, which only
    the lab knows, says where it is granted: everywhere without.
    """

    def __init__(self) -> None:
        self.sessions = Sessions("ya29.")
        self._nodes: Sequence[Document] | None = None
        self._others: Mapping[str, Sequence[Document]] = {}

    def enforce(self, nodes: Sequence[Document], others: Mapping[str, Sequence[Document]]) -> None:
        """Only what these roles hold: `nodes` the nodes' accounts, `others` by e-mail address."""
        for role in (*nodes, *(item for roles in others.values() for item in roles)):
            if not isinstance(role.get("includedPermissions"), list | tuple):
                raise UsageError(f"a role has a list includedPermissions, this has none: {role}")
        self._nodes, self._others = nodes, others

    def relax(self) -> None:
        self._nodes, self._others = None, {}

    def reset(self) -> None:
        self.relax()
        self.sessions.clear()

    def user_of(self, incoming: Incoming) -> str:
        """Return the caller's e-mail address; ComputeError 401 for one without a good token."""
        kind, _, token = incoming.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            message = (
                "Request is missing required authentication credential. Expected OAuth 2 access "
                "token, login cookie or other valid authentication credential."
            )
            raise ComputeError(401, message, "required")
        session = self.sessions.find(token)
        if session is not None:
            return session.principal
        if self._nodes is not None and token != ADMIN_TOKEN:
            raise ComputeError(401, "Request had invalid authentication credentials.")
        return ADMIN

    def require(self, user: str, needs: Collection[Need]) -> None:
        """Raise ComputeError 403 for the first permission that the caller does not have."""
        for permission, path in needs:
            if permission not in self.held(user, [permission], project_of(f"{path}/")):
                raise denial(permission, path)

    def held(self, user: str, permissions: Collection[str], project: str) -> list[str]:
        """Return which of these the caller has in the project."""
        if self._nodes is None or user == ADMIN:
            return list(permissions)
        allowed = {
            permission
            for role in self._others.get(user, self._nodes)
            if role.get("project", project) == project
            for permission in role["includedPermissions"]
        }
        return [permission for permission in permissions if permission in allowed]
