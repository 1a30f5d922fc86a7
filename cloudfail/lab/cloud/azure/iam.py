"""Who may do what. Off at first: then any bearer token does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from cloudfail.lab.cloud.azure.answers import ArmError, Json
from cloudfail.lab.cloud.azure.links import group_of
from cloudfail.lab.cloud.azure.roles import Role, read_role
from cloudfail.lab.cloud.azure.tokens import ADMIN_TOKEN, Session, Tokens
from cloudfail.lab.cloud.httpd import Incoming

ADMIN = "00000000-1ab0-4000-8000-0000000000ad"
Document = Mapping[str, Any]
_LOGIN = "https://login.microsoftonline.com"


class Iam:
    """The principals of one embedded cloud, by object id, and what their roles hold.

    `denied` tells the actions that `Faults.deny` takes from everybody.
    """

    def __init__(self, denied: Callable[[], Iterable[str]]) -> None:
        self.tokens = Tokens()
        self.tenant = ""
        self._denied = denied
        self._nodes: list[Role] | None = None
        self._others: dict[str, list[Role]] = {}

    def enforce(self, nodes: Sequence[Document], others: Mapping[str, Sequence[Document]]) -> None:
        """Only what these roles hold: `nodes` the nodes' identities, `others` by object id."""
        held = {who: _roles(documents) for who, documents in others.items()}
        self._nodes, self._others = _roles(nodes), held

    def relax(self) -> None:
        self._nodes, self._others = None, {}

    def reset(self) -> None:
        self.relax()
        self.tokens.clear()

    def user_of(self, incoming: Incoming) -> str:
        """Return the caller's object id; ArmError 401 for one without a good token."""
        kind, _, token = incoming.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise self._unauthenticated(
                "AuthenticationFailed",
                "Authentication failed. The 'Authorization' header is missing.",
            )
        session = self.tokens.find(token)
        if session is not None:
            self._require_good(session)
            return session.principal
        if self._nodes is not None and token != ADMIN_TOKEN:
            raise self._unauthenticated(
                "InvalidAuthenticationToken", "The access token is invalid."
            )
        return ADMIN

    def may(self, user: str, action: str, scope: str) -> bool:
        denied = Role((), tuple(self._denied()), ())
        if denied.allows(action):
            return False
        return any(role.allows(action) for role in self._held(user, scope))

    def permissions(self, user: str, scope: str) -> list[Json]:
        """Return what the permissions API answers: what each role gives on this scope."""
        taken = list(self._denied())
        return [
            {
                "actions": list(role.actions),
                "notActions": [*role.not_actions, *taken],
                "dataActions": [],
                "notDataActions": [],
            }
            for role in self._held(user, scope)
        ]

    def require(self, user: str, action: str, scope: str) -> None:
        """Raise ArmError 403 when the caller may not."""
        if not self.may(user, action, scope):
            raise ArmError(
                403,
                "AuthorizationFailed",
                f"The client '{user}' with object id '{user}' does not have authorization to perform "
                f"action '{action}' over scope '{scope}' or the scope is invalid. If access was "
                "recently granted, please refresh your credentials.",
            )

    def require_linked(self, user: str, action: str, scope: str, linked: tuple[str, str]) -> None:
        """Raise ArmError 403 when the caller may act, but not on what it refers to."""
        wanted, on = linked
        if not self.may(user, wanted, on):
            raise ArmError(
                403,
                "LinkedAuthorizationFailed",
                f"The client '{user}' with object id '{user}' has permission to perform action "
                f"'{action}' on scope '{scope}'; however, it does not have permission to perform "
                f"action '{wanted}' on the linked scope(s) '{on}' or the linked scope(s) are "
                "invalid.",
            )

    def require_tracking(self, user: str, action: str, target: str, path: str) -> None:
        """azure-resource-manager/management/async-operations, "Permission for tracking".

        "If you only have permission at the resource level, you can start the operation but you
        can't track its status. Permission at the resource group level is required".
        """
        if not self.may(user, action, group_of(target)):
            self.require(user, "Microsoft.Network/locations/operations/read", path)

    def _require_good(self, session: Session) -> None:
        """azure-resource-manager: a token is for Resource Manager, and for some hours."""
        if session.has_expired:
            message = "The access token expiry UTC time is earlier than current UTC time."
            raise self._unauthenticated("ExpiredAuthenticationToken", message)
        host = urlsplit(session.audience).netloc
        if not host.startswith("management."):
            message = (
                f"The access token is for the audience '{session.audience}', which is not ARM's."
            )
            raise self._unauthenticated("InvalidAuthenticationTokenAudience", message)

    def _held(self, user: str, scope: str) -> list[Role]:
        if self._nodes is None or user == ADMIN:
            return [Role((), ("*",), ())]
        return [role for role in self._others.get(user, self._nodes) if role.covers(scope)]

    def _unauthenticated(self, code: str, message: str) -> ArmError:
        challenge = (
            f'Bearer authorization_uri="{_LOGIN}/{self.tenant}", error="invalid_token", '
            f'error_description="{message}"'
        )
        return ArmError(401, code, message, {"WWW-Authenticate": challenge})


def _roles(documents: Iterable[Document]) -> list[Role]:
    return [role for document in documents for role in read_role(document)]
