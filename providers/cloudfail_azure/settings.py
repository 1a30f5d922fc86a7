"""The `[provider.azure]` table."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct


class AzureSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the cloud is, and as whom to call it. Everything may be left out on a machine of Azure."""

    subscription: Annotated[
        str,
        Meta(
            description="Must be the virtual machine's subscription; default: what its metadata "
            "says, or the one in `interface_id`.",
            examples=["00000000-0000-0000-0000-000000000000"],
        ),
    ] = ""
    resource_group: Annotated[
        str,
        Meta(
            description="Where the network interfaces and public addresses of the nodes are; "
            "default: the virtual machine's own.",
            examples=["edge"],
        ),
    ] = ""
    cloud: Annotated[
        Literal["public", "usgovernment", "china"],
        Meta(description="Which of Azure's clouds: says where its API and its authority are."),
    ] = "public"
    endpoint: Annotated[
        str,
        Meta(
            description="URL of Azure Resource Manager, for a rehearsal or a proxy of your own; "
            "https. Default: the cloud's own.",
            examples=["https://management.azure.com"],
        ),
    ] = ""
    ca_file: Annotated[
        str,
        Meta(
            description="PEM file with the authorities to trust at the endpoint.",
            examples=["/etc/ssl/certs/private-ca.pem"],
        ),
    ] = ""
    credential: Annotated[
        Literal["managed-identity", "workload-identity", "environment"],
        Meta(
            description="Whose token: the machine's managed identity, a federated one "
            "(AZURE_FEDERATED_TOKEN_FILE), or a service principal (AZURE_CLIENT_ID, "
            "AZURE_TENANT_ID, and AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH).",
        ),
    ] = "managed-identity"
    client_id: Annotated[
        str,
        Meta(
            description="Client id of the user-assigned managed identity to be; default: the "
            "system-assigned one.",
            examples=["11111111-1111-1111-1111-111111111111"],
        ),
    ] = ""
    api_version: Annotated[
        str,
        Meta(
            description="API version of Microsoft.Network, for a cloud that has no newer one.",
            examples=["2024-05-01"],
        ),
    ] = ""
