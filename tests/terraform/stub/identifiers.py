"""How each cloud names what it makes: templates of identifiers, filled with an object's own values.

`{hex}` is new for each object, and so are `{byte}` and `{other}`, which together are rarely the
same; `{account}`, `{region}`, `{zone}`, `{project}` and `{subscription}` are the provider's, unless
the object says otherwise.
"""

from __future__ import annotations

from typing import Any

DEFAULTS: dict[str, dict[str, str]] = {
    "aws": {"region": "eu-west-1", "account": "123456789012"},
    "google": {"project": "project-1", "region": "europe-west1", "zone": "europe-west1-b"},
    "azurerm": {
        "subscription": "11111111-2222-3333-4444-555555555555",
        "tenant": "99999999-8888-7777-6666-555555555555",
        "location": "westeurope",
    },
}

_EC2 = "arn:aws:ec2:{region}:{account}:"
_IAM = "arn:aws:iam::{account}:"
_LB = "arn:aws:elasticloadbalancing:{region}:{account}:"
AWS = {
    "vpc": ("vpc-{hex}", _EC2 + "vpc/{id}"),
    "subnet": ("subnet-{hex}", _EC2 + "subnet/{id}"),
    "route_table": ("rtb-{hex}", _EC2 + "route-table/{id}"),
    "route": ("r-{route_table_id}{hex}", ""),
    "route_table_association": ("rtbassoc-{hex}", ""),
    "internet_gateway": ("igw-{hex}", _EC2 + "internet-gateway/{id}"),
    "nat_gateway": ("nat-{hex}", _EC2 + "natgateway/{id}"),
    "eip": ("eipalloc-{hex}", _EC2 + "elastic-ip/{id}"),
    "eip_association": ("eipassoc-{hex}", ""),
    "network_interface": ("eni-{hex}", _EC2 + "network-interface/{id}"),
    "network_interface_attachment": ("eni-attach-{hex}", ""),
    "instance": ("i-{hex}", _EC2 + "instance/{id}"),
    "launch_template": ("lt-{hex}", _EC2 + "launch-template/{id}"),
    "security_group": ("sg-{hex}", _EC2 + "security-group/{id}"),
    "vpc_security_group_ingress_rule": ("sgr-{hex}", _EC2 + "security-group-rule/{id}"),
    "vpc_security_group_egress_rule": ("sgr-{hex}", _EC2 + "security-group-rule/{id}"),
    "vpc_endpoint": ("vpce-{hex}", _EC2 + "vpc-endpoint/{id}"),
    "ami": ("ami-{hex}", "arn:aws:ec2:{region}::image/{id}"),
    "iam_role": ("{name}", _IAM + "role/{name}"),
    "iam_policy": (_IAM + "policy/{name}", _IAM + "policy/{name}"),
    "iam_role_policy": ("{role}:{name}", ""),
    "iam_instance_profile": ("{name}", _IAM + "instance-profile/{name}"),
    "lb": (_LB + "loadbalancer/net/{name}/{hex}", _LB + "loadbalancer/net/{name}/{hex}"),
    "lb_target_group": (_LB + "targetgroup/{name}/{hex}", _LB + "targetgroup/{name}/{hex}"),
    "lb_listener": (_LB + "listener/net/lb/{hex}", _LB + "listener/net/lb/{hex}"),
    "secretsmanager_secret": (
        "arn:aws:secretsmanager:{region}:{account}:secret:{name}-AbCdEf",
        "arn:aws:secretsmanager:{region}:{account}:secret:{name}-AbCdEf",
    ),
    "ssm_parameter": ("{name}", "arn:aws:ssm:{region}:{account}:parameter{name}"),
    "kms_key": ("{hex}", "arn:aws:kms:{region}:{account}:key/{hex}"),
    "s3_bucket": ("{bucket}", "arn:aws:s3:::{bucket}"),
}

_ZONAL, _REGIONAL = "projects/{project}/zones/{zone}/", "projects/{project}/regions/{region}/"
_GLOBAL = "projects/{project}/global/"
GOOGLE = {
    "compute_network": _GLOBAL + "networks/{name}",
    "compute_subnetwork": _REGIONAL + "subnetworks/{name}",
    "compute_address": _REGIONAL + "addresses/{name}",
    "compute_global_address": _GLOBAL + "addresses/{name}",
    "compute_instance": _ZONAL + "instances/{name}",
    "compute_disk": _ZONAL + "disks/{name}",
    "compute_route": _GLOBAL + "routes/{name}",
    "compute_firewall": _GLOBAL + "firewalls/{name}",
    "compute_router": _REGIONAL + "routers/{name}",
    "compute_router_nat": "{project}/{region}/{router}/{name}",
    "compute_forwarding_rule": _REGIONAL + "forwardingRules/{name}",
    "compute_target_instance": _ZONAL + "targetInstances/{name}",
    "compute_region_backend_service": _REGIONAL + "backendServices/{name}",
    "compute_region_health_check": _REGIONAL + "healthChecks/{name}",
    "compute_health_check": _GLOBAL + "healthChecks/{name}",
    "compute_instance_group": _ZONAL + "instanceGroups/{name}",
    "compute_image": "projects/{project}/global/images/{name}",
    "service_account": "projects/{project}/serviceAccounts/{account_id}@{project}.iam.gserviceaccount.com",
    "project_iam_custom_role": "projects/{project}/roles/{role_id}",
    "secret_manager_secret": "projects/{project}/secrets/{secret_id}",
    "storage_bucket": "{name}",
}

_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = _SUBSCRIPTION + "/resourceGroups/{resource_group_name}"
_NETWORK = _GROUP + "/providers/Microsoft.Network/"
AZURERM = {
    "resource_group": _SUBSCRIPTION + "/resourceGroups/{name}",
    "virtual_network": _NETWORK + "virtualNetworks/{name}",
    "subnet": _NETWORK + "virtualNetworks/{virtual_network_name}/subnets/{name}",
    "network_security_group": _NETWORK + "networkSecurityGroups/{name}",
    "network_interface": _NETWORK + "networkInterfaces/{name}",
    "application_security_group": _NETWORK + "applicationSecurityGroups/{name}",
    "public_ip": _NETWORK + "publicIPAddresses/{name}",
    "public_ip_prefix": _NETWORK + "publicIPPrefixes/{name}",
    "nat_gateway": _NETWORK + "natGateways/{name}",
    "route_table": _NETWORK + "routeTables/{name}",
    "route": _NETWORK + "routeTables/{route_table_name}/routes/{name}",
    "lb": _NETWORK + "loadBalancers/{name}",
    "lb_rule": "{loadbalancer_id}/loadBalancingRules/{name}",
    "lb_probe": "{loadbalancer_id}/probes/{name}",
    "lb_backend_address_pool": "{loadbalancer_id}/backendAddressPools/{name}",
    "linux_virtual_machine": _GROUP + "/providers/Microsoft.Compute/virtualMachines/{name}",
    "availability_set": _GROUP + "/providers/Microsoft.Compute/availabilitySets/{name}",
    "managed_disk": _GROUP + "/providers/Microsoft.Compute/disks/{name}",
    "user_assigned_identity": _GROUP
    + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}",
    "key_vault": _GROUP + "/providers/Microsoft.KeyVault/vaults/{name}",
    "key_vault_secret": "https://vault-1.vault.azure.net/secrets/{name}/{hex}",
    "storage_account": _GROUP + "/providers/Microsoft.Storage/storageAccounts/{name}",
    "role_definition": _SUBSCRIPTION
    + "/providers/Microsoft.Authorization/roleDefinitions/{uuid}|{scope}",
    "role_assignment": "{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid}",
    "subscription": _SUBSCRIPTION,
}

# Attributes that follow a rule of their own, by type or, for data sources, by `data.` and type.
OWN: dict[str, dict[str, Any]] = {
    "data.aws_caller_identity": {
        "account_id": "{account}",
        "id": "{account}",
        "arn": _IAM + "user/terraform",
    },
    "data.aws_region": {"id": "{region}", "name": "{region}", "region": "{region}"},
    "data.aws_partition": {"id": "aws", "partition": "aws", "dns_suffix": "amazonaws.com"},
    "data.aws_availability_zones": {"names": ["{region}a", "{region}b", "{region}c"]},
    "aws_eip": {"allocation_id": "{id}", "public_ip": "198.18.{other}.{byte}"},
    "aws_vpc_endpoint": {
        "dns_entry": [{"dns_name": "{id}-0a.ec2.{region}.vpce.amazonaws.com"}],
    },
    "aws_network_interface": {"private_ip": "10.0.0.{byte}"},
    "data.google_client_config": {"project": "{project}", "region": "{region}", "zone": "{zone}"},
    "data.google_project": {"project_id": "{project}", "number": "1234567890"},
    "data.google_compute_zones": {"names": ["{region}-b", "{region}-c", "{region}-d"]},
    "google_service_account": {
        "email": "{account_id}@{project}.iam.gserviceaccount.com",
        "member": "serviceAccount:{account_id}@{project}.iam.gserviceaccount.com",
        "name": "projects/{project}/serviceAccounts/{account_id}@{project}.iam.gserviceaccount.com",
        "unique_id": "1{byte}00000000",
    },
    "google_project_iam_custom_role": {"name": "projects/{project}/roles/{role_id}"},
    "google_secret_manager_secret": {"name": "projects/{project}/secrets/{secret_id}"},
    "data.azurerm_subscription": {"subscription_id": "{subscription}", "tenant_id": "{tenant}"},
    "data.azurerm_client_config": {
        "subscription_id": "{subscription}",
        "tenant_id": "{tenant}",
        "object_id": "{uuid}",
        "client_id": "{uuid}",
    },
    "azurerm_role_definition": {
        "role_definition_id": "{uuid}",
        "role_definition_resource_id": _SUBSCRIPTION
        + "/providers/Microsoft.Authorization/roleDefinitions/{uuid}",
    },
    "azurerm_user_assigned_identity": {
        "client_id": "{uuid}",
        "principal_id": "{uuid}",
        "tenant_id": "{tenant}",
    },
    "azurerm_public_ip": {"ip_address": "198.18.{other}.{byte}"},
    "azurerm_key_vault": {"vault_uri": "https://{name}.vault.azure.net/"},
}


def templates(provider: str, kind: str) -> dict[str, Any]:
    """The templates of a type, `data.` before it for a data source: attribute to template."""
    is_data, resource = kind.startswith("data."), kind.removeprefix("data.")
    name = resource.removeprefix(f"{provider}_")
    found: dict[str, Any] = {}
    if provider == "aws" and name in AWS:
        identifier, arn = AWS[name]
        found = {"id": identifier, **({"arn": arn} if arn else {})}
    if provider == "google" and name in GOOGLE:
        link = f"https://www.googleapis.com/compute/v1/{GOOGLE[name]}"
        found = {"id": GOOGLE[name], "self_link": link}
    if provider == "azurerm" and name in AZURERM:
        found = {"id": AZURERM[name]}
    return found | OWN.get(resource, {}) | (OWN.get(kind, {}) if is_data else {})
