# The virtual machines.

# Where there are no zones: at least not in the same rack.
resource "azurerm_availability_set" "node" {
  count = length(local.zones) == 0 ? 1 : 0

  name                        = var.name
  resource_group_name         = var.resource_group
  location                    = var.location
  managed                     = true
  platform_fault_domain_count = 2
  tags                        = var.tags
}

resource "azurerm_linux_virtual_machine" "node" {
  for_each = var.nodes

  name                = "${var.name}-${each.key}"
  resource_group_name = var.resource_group
  location            = var.location
  zone                = each.value.zone
  availability_set_id = one(azurerm_availability_set.node[*].id)
  size                = coalesce(each.value.size, var.size)
  tags                = var.tags

  network_interface_ids = [azurerm_network_interface.node[each.key].id]
  custom_data           = base64encode(module.configuration.user_data[each.key])

  admin_username                  = var.admin_username
  disable_password_authentication = true
  allow_extension_operations      = var.allow_extensions
  secure_boot_enabled             = var.trusted_launch
  vtpm_enabled                    = var.trusted_launch
  encryption_at_host_enabled      = var.encryption_at_host
  source_image_id                 = var.image_id

  admin_ssh_key {
    username   = var.admin_username
    public_key = trimspace(var.admin_ssh_public_key)
  }

  os_disk {
    caching                = "ReadWrite"
    storage_account_type   = var.os_disk_type
    disk_encryption_set_id = var.disk_encryption_set_id
  }

  dynamic "source_image_reference" {
    for_each = var.image_id == null ? [var.image] : []

    content {
      publisher = source_image_reference.value.publisher
      offer     = source_image_reference.value.offer
      sku       = source_image_reference.value.sku
      version   = source_image_reference.value.version
    }
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.node.id]
  }

  # The serial console, and what the first boot said there: without a storage account of yours.
  boot_diagnostics {}

  # The first boot asks for these, and a machine takes no interface that is being written.
  depends_on = [
    azurerm_role_assignment.read,
    azurerm_role_assignment.write,
    azurerm_role_assignment.secret,
    azurerm_role_assignment.wheel,
    azurerm_network_interface_security_group_association.node,
    azurerm_network_interface_backend_address_pool_association.node,
    azurerm_network_security_rule.vrrp,
    azurerm_network_security_rule.nobody_else,
  ]

  lifecycle {
    # Changes of these are for a node after the other: docs/how-to/terraform-azure.md.
    ignore_changes       = [custom_data, source_image_id, source_image_reference, admin_ssh_key]
    replace_triggered_by = [azurerm_network_interface.node[each.key].id]
  }
}
