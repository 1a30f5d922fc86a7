"""Route tables of another account, in a shared VPC: only that account's credentials see them."""

from __future__ import annotations

from collections.abc import Mapping

from cloudfail.lab.cloud.aws.answers import refusal
from cloudfail.lab.cloud.aws.request import ApiRequest
from cloudfail.lab.cloud.httpd import Reply


def refuse_foreign_table(
    request: ApiRequest, account: str, owners: Mapping[str, str]
) -> Reply | None:
    """EC2's NotFound when the caller's account does not own a table that it names.

    `owners` maps route table ids to accounts. As everywhere in EC2, what belongs to others is
    not forbidden but absent.
    """
    for name, value in request.params.items():
        if name.startswith("RouteTableId") and owners.get(value, account) != account:
            return refusal(
                400,
                "InvalidRouteTableID.NotFound",
                f"The routeTable ID '{value}' does not exist",
            )
    return None
