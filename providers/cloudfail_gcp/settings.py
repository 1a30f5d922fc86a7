"""The `[provider.gcp]` table."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from cloudfail_gcp.numbers import STANDING, Numbers

LAST_NUMBER = 65535


class GcpSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the cloud is, and as whom to call it. Everything may be left out on an instance."""

    project: Annotated[
        str,
        Meta(
            description="Must be the instance's project; default: what its metadata says.",
            examples=["my-project"],
        ),
    ] = ""
    host_project: Annotated[
        str,
        Meta(
            description="The host project of a shared VPC, for `cloudfail policy`: what its network "
            "needs goes into a role of its own. Default: what the tables of routes name.",
            examples=["my-network-host"],
        ),
    ] = ""
    endpoint: Annotated[
        str,
        Meta(
            description="URL of the Compute API, for Private Service Connect or a rehearsal.",
            examples=["https://compute-edge.p.googleapis.com"],
        ),
    ] = ""
    credentials_file: Annotated[
        str,
        Meta(
            description="Google credentials (JSON), readable by their owner only (0600). Default: "
            "GOOGLE_APPLICATION_CREDENTIALS, then the instance's service account.",
            examples=["/etc/cloudfail/gcp-credentials.json"],
        ),
    ] = ""
    route_priority: Annotated[
        int,
        Meta(
            ge=1,
            le=LAST_NUMBER,
            description="Routes are made with this priority or the number below it; both must be "
            "free of other routes to the same destination. With standing_routes: with this number "
            "and the 15 above it.",
        ),
    ] = 1000
    standing_routes: Annotated[
        bool,
        Meta(
            description="Every node has a route all the time, each with a number of its own; the "
            "lowest one wins. A failover deletes the routes before the new master's.",
        ),
    ] = False
    iam_endpoint: Annotated[
        str,
        Meta(
            description="URL of the IAM Credentials API, for impersonation. Default: that of the same "
            "Private Service Connect endpoint as `endpoint`, or Google's.",
            examples=["https://iamcredentials-edge.p.googleapis.com"],
        ),
    ] = ""
    impersonate: Annotated[
        str,
        Meta(
            description="Service account to impersonate for every call.",
            examples=["cloudfail@my-project.iam.gserviceaccount.com"],
        ),
    ] = ""

    def __post_init__(self) -> None:
        """Raise ValueError where the numbers of standing routes would end beyond Google's last."""
        last = numbers_of(self).window[-1]
        if last > LAST_NUMBER:
            raise ValueError(
                f"with standing_routes the highest number is route_priority + {STANDING - 1}, and "
                f"{last} is above {LAST_NUMBER}: use {LAST_NUMBER + 1 - STANDING} at most"
            )


def numbers_of(settings: GcpSettings) -> Numbers:
    return Numbers(priority=settings.route_priority, standing=settings.standing_routes)
