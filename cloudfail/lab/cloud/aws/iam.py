"""Who may do what. Off at first: then any credentials do."""

from __future__ import annotations

import xml.sax.saxutils
from collections.abc import Mapping, Sequence
from typing import Any

from cloudfail.errors import UsageError
from cloudfail.lab.cloud.aws.answers import denial, refusal
from cloudfail.lab.cloud.aws.attached import AttachedPolicies
from cloudfail.lab.cloud.aws.engine import Engine
from cloudfail.lab.cloud.aws.policies import Policies, resources_of
from cloudfail.lab.cloud.aws.request import ApiRequest
from cloudfail.lab.cloud.aws.sessions import ADMIN_KEY, Sessions, role_arn
from cloudfail.lab.cloud.aws.signature import is_signed_by
from cloudfail.lab.cloud.httpd import Incoming, Reply

_REFUSED = {
    "ec2": (401, "AuthFailure", "AWS was not able to validate the provided access credentials"),
    "sts": (403, "InvalidClientTokenId", "The security token included in the request is invalid."),
}


class Iam:
    """The principals of one embedded cloud, and what their policies allow."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.sessions = Sessions(engine.account)
        self._policies: dict[str, Policies] | AttachedPolicies | None = None

    def enforce(
        self,
        node: Sequence[Mapping[str, Any]],
        others: Mapping[str, Sequence[Mapping[str, Any]]],
    ) -> None:
        """Only what these documents allow: `node` the nodes' role, `others` roles by ARN."""
        documents = {role_arn(self._engine.account): node, **others}
        region = self._engine.region
        self._policies = {role: Policies(items, region) for role, items in documents.items()}

    def enforce_attached(self) -> None:
        """Only what the policies of the roles allow that are in the embedded IAM itself."""
        self._policies = AttachedPolicies(self._engine)

    def relax(self) -> None:
        self._policies = None

    def reset(self) -> None:
        self.relax()
        self.sessions.clear()

    def refuse(self, request: ApiRequest, incoming: Incoming) -> Reply | None:
        """EC2's or STS's refusal, or None: the caller may do it."""
        if self._policies is None or request.access_key == ADMIN_KEY:
            return None
        session = self.sessions.find(request.access_key)
        if session is None or not is_signed_by(incoming, session):
            return _unknown_credentials(request.service)
        if request.operation == "GetCallerIdentity":
            return None
        try:
            policies = self._policies.get(session.role)
        except UsageError as exc:  # a policy was attached since that moto cannot judge
            return refusal(500, "InternalError", str(exc), request.service)
        scope = f"{self._engine.region}:{session.account}"
        action = f"{request.service}:{request.operation}"
        for resource in resources_of(request, scope, self._tags, self._keys):
            if policies is None or not policies.allow(action, resource):
                return denial(action, session.arn, resource.arn)
        return None

    def principal_of(self, access_key: str) -> str:
        """Tell the ARN behind an access key; a made-up one for credentials that are not ours."""
        session = self.sessions.find(access_key)
        return session.arn if session else f"arn:aws:iam::{self._engine.account}:user/lab"

    def account_of(self, access_key: str) -> str:
        session = self.sessions.find(access_key)
        return session.account if session else self._engine.account

    def identity(self, request: ApiRequest) -> Reply | None:
        """STS's GetCallerIdentity for sessions, which moto does not know."""
        session = self.sessions.find(request.access_key)
        if request.operation != "GetCallerIdentity" or session is None:
            return None
        arn = xml.sax.saxutils.escape(session.arn)
        body = (
            '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
            f"<GetCallerIdentityResult><Arn>{arn}</Arn><UserId>AROALAB:lab</UserId>"
            f"<Account>{session.account}</Account></GetCallerIdentityResult>"
            "</GetCallerIdentityResponse>"
        )
        return Reply(200, body.encode(), {"Content-Type": "text/xml"})

    def _tags(self, resource_id: str) -> dict[str, str]:
        tags = self._engine.ec2.describe_tags(filters={"resource-id": [resource_id]})
        return {tag["key"]: tag["value"] for tag in tags}

    def _keys(self, resource_id: str) -> dict[str, str]:
        """The condition keys of an Elastic IP; the other resources have none that is known here."""
        for eip in self._engine.ec2.addresses:
            if eip.allocation_id == resource_id:
                return {"ec2:PublicIpAddress": eip.public_ip, "ec2:AllocationId": resource_id}
        return {}


def _unknown_credentials(service: str) -> Reply:
    return refusal(*_REFUSED.get(service, _REFUSED["sts"]), service=service)
