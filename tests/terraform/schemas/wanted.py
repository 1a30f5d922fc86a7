"""What is kept of each provider: what the modules and examples use, and some to mistake it for."""

from __future__ import annotations

from typing import Any

AWS = """
vpc subnet route_table route route_table_association main_route_table_association internet_gateway
nat_gateway eip eip_association network_interface network_interface_attachment instance
launch_template security_group vpc_security_group_ingress_rule vpc_security_group_egress_rule
security_group_rule iam_role iam_policy iam_role_policy iam_role_policy_attachment
iam_instance_profile vpc_endpoint lb lb_target_group lb_target_group_attachment lb_listener
secretsmanager_secret secretsmanager_secret_version secretsmanager_secret_policy ssm_parameter
kms_key kms_alias s3_bucket s3_object s3_bucket_versioning s3_bucket_public_access_block
s3_bucket_server_side_encryption_configuration s3_bucket_policy cloudwatch_log_group
data.ami data.vpc data.subnet data.subnets data.region data.caller_identity data.partition
data.iam_policy_document data.ssm_parameter data.availability_zones data.eip data.route_table
data.ec2_instance_type data.network_interface data.network_interfaces data.instance
data.secretsmanager_secret data.s3_object data.s3_bucket data.kms_key data.kms_alias
data.security_group data.lb
"""
GOOGLE = """
compute_network compute_subnetwork compute_address compute_global_address compute_instance
compute_instance_template compute_route compute_firewall compute_router compute_router_nat
compute_forwarding_rule compute_target_instance compute_region_backend_service
compute_region_health_check compute_instance_group compute_instance_group_membership
compute_health_check compute_disk service_account service_account_iam_member
project_iam_custom_role project_iam_member compute_instance_iam_member
compute_subnetwork_iam_member secret_manager_secret secret_manager_secret_version
secret_manager_secret_iam_member storage_bucket storage_bucket_object storage_bucket_iam_member
kms_crypto_key kms_key_ring project_service
data.client_config data.project data.compute_image data.compute_network data.compute_subnetwork
data.compute_zones data.compute_address data.compute_instance data.compute_machine_types
data.service_account data.secret_manager_secret data.storage_bucket data.compute_forwarding_rule
"""
AZURERM = """
resource_group virtual_network subnet network_security_group network_security_rule
subnet_network_security_group_association network_interface
network_interface_security_group_association
network_interface_application_security_group_association application_security_group public_ip
public_ip_prefix linux_virtual_machine availability_set nat_gateway
nat_gateway_public_ip_association nat_gateway_public_ip_prefix_association
subnet_nat_gateway_association route_table route subnet_route_table_association role_definition
role_assignment user_assigned_identity key_vault key_vault_secret key_vault_access_policy lb
lb_rule lb_probe lb_backend_address_pool lb_backend_address_pool_address lb_outbound_rule
network_interface_backend_address_pool_association storage_account storage_container storage_blob
managed_disk proximity_placement_group private_endpoint
data.client_config data.subscription data.virtual_network data.subnet data.public_ip
data.resource_group data.route_table data.network_interface data.key_vault data.key_vault_secret
data.storage_account data.user_assigned_identity data.lb data.network_security_group
data.virtual_machine data.role_definition
"""
NAMES = {"aws": AWS, "google": GOOGLE, "azurerm": AZURERM}
# Bindings do not tell what is sensitive; this is what the providers' documentation says.
SENSITIVE = {
    "aws_secretsmanager_secret_version": ("secret_string", "secret_binary"),
    "aws_ssm_parameter": ("value",),
    "data.aws_ssm_parameter": ("value",),
    "data.azurerm_key_vault_secret": ("value",),
    "data.google_client_config": ("access_token",),
    "google_secret_manager_secret_version": ("secret_data",),
    "google_storage_bucket_object": ("content",),
    "azurerm_linux_virtual_machine": ("admin_password", "custom_data"),
    "azurerm_key_vault_secret": ("value",),
    "azurerm_storage_account": (
        "primary_access_key",
        "secondary_access_key",
        "primary_connection_string",
    ),
}


def names(provider: str) -> frozenset[str]:
    """`aws_vpc` for a resource, `data.aws_vpc` for a data source."""
    return frozenset(
        f"data.{provider}_{name.removeprefix('data.')}"
        if name.startswith("data.")
        else f"{provider}_{name}"
        for name in NAMES[provider].split()
    )


def folder(name: str) -> str:
    """The folder of the bindings that holds it: `data-aws-vpc`, `vpc`."""
    if name.startswith("data."):
        return name.replace(".", "-").replace("_", "-")
    return name.partition("_")[2].replace("_", "-")


def mark_sensitive(name: str, block: dict[str, Any]) -> None:
    for attribute in SENSITIVE.get(name, ()):
        block["attributes"][attribute]["sensitive"] = True
