# Where in Azure, and on what.

variable "subscription_id" {
  type        = string
  description = "The subscription of the provider: that of the virtual network, and of everything that is made here."

  validation {
    condition     = can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", var.subscription_id))
    error_message = "subscription_id is like 00000000-0000-0000-0000-000000000000 (az account show --query id); data.azurerm_client_config has it, too."
  }
}

variable "resource_group" {
  type        = string
  description = "The name of the existing resource group where everything is made: best one that has nothing else in it."

  validation {
    condition     = can(regex("^[\\w.()-]{0,89}[\\w()-]$", var.resource_group))
    error_message = "resource_group is the name of a resource group, not its id."
  }
}

variable "virtual_network" {
  type = object({
    name           = string
    resource_group = optional(string)
  })
  description = "The existing virtual network of the nodes' subnets, and its resource group where that is another one. Names and not ids, because roles are assigned on subnets that may not be there yet when this is planned."

  validation {
    condition     = can(regex("^[A-Za-z0-9]([\\w.-]{0,62}\\w)?$", var.virtual_network.name))
    error_message = "virtual_network.name is the name of a virtual network, not its id."
  }
}

variable "location" {
  type        = string
  description = "The region of the subnets, like westeurope."

  validation {
    condition     = can(regex("^[a-z0-9]+$", var.location))
    error_message = "location is the short name of a region, like westeurope (az account list-locations --query [].name)."
  }
}

variable "cloud" {
  type        = string
  default     = "public"
  nullable    = false
  description = "Which of Azure's clouds: public, usgovernment or china."

  validation {
    condition     = contains(["public", "usgovernment", "china"], var.cloud)
    error_message = "cloud is public, usgovernment or china."
  }
}

variable "provider_settings" {
  type        = map(string)
  default     = {}
  nullable    = false
  description = "More keys of [provider.azure], like endpoint and ca_file."

  validation {
    condition     = length(setsubtract(keys(var.provider_settings), ["endpoint", "ca_file", "api_version"])) == 0
    error_message = "provider_settings has endpoint, ca_file or api_version: the others are known here."
  }
}

variable "role_scope" {
  type        = string
  default     = "objects"
  nullable    = false
  description = "Where the role that writes is assigned: objects (the network interfaces, addresses, tables, subnets and groups that the claims touch), or resource-group (those of interfaces and tables as a whole, which Azure documents for asking how an operation goes; else cloudfail asks the resource)."

  validation {
    condition     = contains(["objects", "resource-group"], var.role_scope)
    error_message = "role_scope is objects or resource-group."
  }
}

variable "size" {
  type        = string
  default     = "Standard_D2s_v5"
  nullable    = false
  description = "The size of the virtual machines; a change restarts them, all at once: use that of a node."
}

variable "image" {
  type = object({
    publisher = string
    offer     = string
    sku       = string
    version   = optional(string, "latest")
  })
  default = {
    publisher = "Canonical"
    offer     = "ubuntu-24_04-lts"
    sku       = "server"
  }
  nullable    = false
  description = "A generation 2 image of Debian, Ubuntu or RHEL with cloud-init; a new one replaces no node by itself."
}

variable "image_id" {
  type        = string
  default     = null
  description = "The id of an image of your own, instead of image."
}

variable "trusted_launch" {
  type        = bool
  default     = true
  nullable    = false
  description = "Secure boot and a virtual TPM; false for an image that cannot."
}

variable "os_disk_type" {
  type        = string
  default     = "StandardSSD_LRS"
  nullable    = false
  description = "The kind of disk."

  validation {
    condition     = contains(["Standard_LRS", "StandardSSD_LRS", "Premium_LRS", "StandardSSD_ZRS", "Premium_ZRS"], var.os_disk_type)
    error_message = "os_disk_type is Standard_LRS, StandardSSD_LRS, Premium_LRS, StandardSSD_ZRS or Premium_ZRS."
  }
}

variable "encryption_at_host" {
  type        = bool
  default     = true
  nullable    = false
  description = "Encrypts temporary disks, caches and the way to the storage as well, which at rest is always encrypted. Once a subscription: az feature register --namespace Microsoft.Compute --name EncryptionAtHost."
}

variable "disk_encryption_set_id" {
  type        = string
  default     = null
  description = "A disk encryption set with your own key; null: a key of the platform."
}

variable "accelerated_networking" {
  type        = bool
  default     = true
  nullable    = false
  description = "A virtual function of the network card below eth0; false for a size that has none."
}

variable "admin_username" {
  type        = string
  default     = "azureuser"
  nullable    = false
  description = "The first user, who may become root. There are no passwords."

  validation {
    condition     = can(regex("^[a-z_][a-z0-9_-]{0,31}$", var.admin_username)) && !contains(["root", "admin", "administrator", "user", "guest", "test"], var.admin_username)
    error_message = "admin_username is a user name of Linux, and none that Azure reserves, like root or admin."
  }
}

variable "admin_ssh_public_key" {
  type        = string
  description = "The public key of that user, ssh-ed25519 (which the first releases of azurerm 4 do not take) or ssh-rsa: Azure makes no machine of Linux without a key or a password. No rule lets SSH in."

  validation {
    condition     = can(regex("^(ssh-rsa|ssh-ed25519) [A-Za-z0-9+/]+=* ?[^\\n]*\\n?$", var.admin_ssh_public_key))
    error_message = "admin_ssh_public_key is one line: ssh-ed25519 AAAA..., or ssh-rsa AAAA... of 2048 bits or more; never the private key."
  }
}

variable "allow_extensions" {
  type        = bool
  default     = false
  nullable    = false
  description = "Let the agent of Azure install extensions, and run commands (az vm run-command), as root."
}

variable "tags" {
  type        = map(string)
  default     = {}
  nullable    = false
  description = "Tags of everything that is made here."
}

variable "wheel_container_id" {
  type        = string
  default     = null
  description = "The id of the private blob container that cloudfail.wheel_url is in: /subscriptions/.../storageAccounts/NAME/blobServices/default/containers/NAME. The nodes' identity may read it, and no other."

  validation {
    condition     = var.wheel_container_id == null ? true : can(regex(local.container_id, var.wheel_container_id))
    error_message = "wheel_container_id is /subscriptions/.../providers/Microsoft.Storage/storageAccounts/NAME/blobServices/default/containers/NAME."
  }
  validation {
    condition = var.wheel_container_id == null ? true : startswith(coalesce(var.cloudfail.wheel_url, "-"),
    "https://${element(concat(split("/", var.wheel_container_id), ["", "", "", "", "", "", "", "", ""]), 8)}.blob.")
    error_message = "cloudfail.wheel_url is a blob of wheel_container_id: https://ACCOUNT.blob.core.windows.net/CONTAINER/FILE.whl."
  }
}
