"""The `[provider.gcp]` table."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class GcpSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the cloud is, and as whom to call it. Everything may be left out on an instance."""

    project: Annotated[
        str,
        Meta(
            description="Must be the instance's project; default: what its metadata says.",
            examples=["my-project"],
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
            le=65535,
            description="Routes are made with this priority or the number below it; both must be "
            "free of other routes to the same destination.",
        ),
    ] = 1000
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
