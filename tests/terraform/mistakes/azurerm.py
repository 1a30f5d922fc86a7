"""A right configuration of Azure, and one mistake at a time in it."""

from __future__ import annotations

from terraform.mistakes.mistake import Mistake

RIGHT = """
terraform {
  required_providers {
    azurerm = { source = "hashicorp/azurerm" }
  }
}
provider "azurerm" {
  features {}
}
data "azurerm_subnet" "a" {
  name                 = "nodes"
  virtual_network_name = "network"
  resource_group_name  = "group"
}
resource "azurerm_network_interface" "a" {
  name                = "edge-a"
  location            = "westeurope"
  resource_group_name = "group"
  ip_configuration {
    name                          = "primary"
    primary                       = true
    subnet_id                     = data.azurerm_subnet.a.id
    private_ip_address_allocation = "Static"
    private_ip_address            = "10.0.1.10"
  }
}
resource "azurerm_linux_virtual_machine" "a" {
  name                  = "edge-a"
  location              = "westeurope"
  resource_group_name   = "group"
  size                  = "Standard_B1s"
  admin_username        = "operator"
  network_interface_ids = [azurerm_network_interface.a.id]
  os_disk {
    caching              = "None"
    storage_account_type = "Standard_LRS"
  }
}
output "address" {
  value = azurerm_network_interface.a.private_ip_address
}
"""

MISTAKES = (
    Mistake("a typo", "size ", "vm_size ", 'argument named "vm_size" is not expected'),
    Mistake(
        "a typo in a block",
        "private_ip_address_allocation",
        "allocation",
        'argument named "allocation" is not',
    ),
    Mistake(
        "a typo in the provider's block",
        "features",
        "feature",
        'Blocks of type "feature" are not exp',
    ),
    Mistake("a string for a bool", "= true", '= "yes"', '"primary": a bool is required'),
    Mistake(
        "a string for a list",
        "[azurerm_network_interface.a.id]",
        '"nic"',
        '"network_interface_ids": list of string req',
    ),
    Mistake(
        "a required argument left out",
        "size  ",
        "# ",
        'The argument "size" is required',
    ),
    Mistake(
        "a required argument of a block left out",
        "caching  ",
        "# ",
        'The argument "caching" is required',
    ),
    Mistake("a required block left out", "os_disk", "plan", "Insufficient os_disk blocks"),
    Mistake(
        "an unknown block",
        "os_disk",
        "storage_os_disk",
        'Blocks of type "storage_os_disk" are not exp',
    ),
    Mistake("a block too many", "os_disk {", "os_disk {}\n  os_disk {", 'No more than 1 "os_disk"'),
    Mistake(
        "an unknown resource",
        '"azurerm_linux_virtual_machine"',
        '"azurerm_virtual_host"',
        'does not support resource type "azurerm_virtual_host"',
    ),
    Mistake(
        "an unknown data source",
        "azurerm_subnet",
        "azurerm_subnetwork",
        'does not support data source "azurerm_subnetwork"',
    ),
    Mistake(
        "what only the provider decides",
        "size  ",
        'virtual_machine_id = "me"\n  size  ',
        'configure a value for "virtual_machine_id"',
    ),
    Mistake(
        "an attribute that is not there",
        "a.private_ip_address",
        "a.private_ip",
        'attribute named "private_ip"',
    ),
    Mistake(
        "an attribute of data that is not there",
        "subnet.a.id",
        "subnet.a.ids",
        'attribute named "ids"',
    ),
)
