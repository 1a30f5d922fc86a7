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
  description = "Which of Azure's clouds: public, usgovernment or china."

  validation {
    condition     = contains(["public", "usgovernment", "china"], var.cloud)
    error_message = "cloud is public, usgovernment or china."
  }
}

variable "own_egress" {
  type        = string
  default     = "nat"
  description = "How a node reaches the API before it owns anything: nat (the subnet has a NAT gateway; cloudfail looks), own-address (each node gets a public address of its own; what comes in there, the security group decides), or assured (another way, like a firewall of a route table: you vouch for it, and cloudfail does not look)."

  validation {
    condition     = contains(["nat", "own-address", "assured"], var.own_egress)
    error_message = "own_egress is nat, own-address or assured. There is no endpoint: Azure Resource Manager has none in a subnet; for a private link of Resource Management take assured, with its endpoint in extra provider_settings."
  }
}

variable "provider_settings" {
  type        = map(string)
  default     = {}
  description = "More keys of [provider.azure], like endpoint and ca_file."

  validation {
    condition     = length(setsubtract(keys(var.provider_settings), ["endpoint", "ca_file", "api_version"])) == 0
    error_message = "provider_settings has endpoint, ca_file or api_version: the others are known here."
  }
}

variable "role_scope" {
  type        = string
  default     = "objects"
  description = "Where the role that writes is assigned: objects (the network interfaces, addresses, tables, subnets and groups that the claims touch), or resource-group (those of interfaces and tables as a whole, which Azure documents for asking how an operation goes; else cloudfail asks the resource)."

  validation {
    condition     = contains(["objects", "resource-group"], var.role_scope)
    error_message = "role_scope is objects or resource-group."
  }
}

variable "ingress" {
  type = list(object({
    name         = string
    protocol     = string
    ports        = optional(list(string), ["*"])
    sources      = list(string)
    destinations = optional(list(string), ["*"])
  }))
  default     = []
  description = "What else may reach the nodes, besides VRRP and the load balancer's probes: nothing, if this is empty. sources are networks or one service tag; destinations too (* also of what is routed through a node). Rules get priorities in this order."

  validation {
    condition     = length(var.ingress) <= 100 && length(distinct([for rule in var.ingress : lower(rule.name)])) == length(var.ingress)
    error_message = "ingress has at most 100 rules, each with a name of its own."
  }
  validation {
    condition     = alltrue([for rule in var.ingress : can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,50}$", rule.name))])
    error_message = "The name of a rule has letters, digits, - and _, and begins with a letter or a digit."
  }
  validation {
    condition     = alltrue([for rule in var.ingress : contains(["Tcp", "Udp", "Icmp", "Esp", "Ah", "*"], rule.protocol)])
    error_message = "The protocol of a rule is Tcp, Udp, Icmp, Esp, Ah or *: a security group knows no other."
  }
  validation {
    condition     = alltrue([for rule in var.ingress : contains(["Tcp", "Udp"], rule.protocol) || rule.ports == tolist(["*"])])
    error_message = "Only Tcp and Udp have ports."
  }
  validation {
    condition     = alltrue(flatten([for rule in var.ingress : [for port in rule.ports : can(regex("^(\\*|\\d{1,5}(-\\d{1,5})?)$", port))]]))
    error_message = "A port is a number, a range like 8000-8100, or * alone."
  }
  validation {
    condition = alltrue(flatten([for rule in var.ingress : [for side in [rule.sources, rule.destinations] :
      length(side) == 1 || (length(side) > 1 && alltrue([for one in side : can(cidrhost(strcontains(one, "/") ? one : "${one}/32", 0))]))
    ]]))
    error_message = "sources and destinations are networks, or one service tag or * alone."
  }
}

variable "load_balancer" {
  type = object({
    type        = optional(string, "public")
    subnet_name = optional(string)
    address     = optional(string)
    rules = list(object({
      name         = string
      protocol     = string
      port         = number
      backend_port = optional(number)
    }))
  })
  default     = null
  description = "A Standard load balancer whose probe asks the first responder: public (its address is made here), or internal (a static address of subnet_name). Clients are let in by ingress."

  validation {
    condition     = var.load_balancer == null || length(var.responders) > 0
    error_message = "A load balancer needs a responder: that is how it finds the master."
  }
  validation {
    condition     = var.load_balancer == null ? true : contains(["public", "internal"], var.load_balancer.type)
    error_message = "load_balancer.type is public or internal."
  }
  validation {
    condition = var.load_balancer == null ? true : (var.load_balancer.type == "internal" ?
      var.load_balancer.subnet_name != null && can(cidrnetmask("${var.load_balancer.address}/32")) :
    var.load_balancer.subnet_name == null && var.load_balancer.address == null)
    error_message = "An internal load balancer has the name of a subnet and an IPv4 address of it; a public one has neither."
  }
  validation {
    condition     = var.load_balancer == null ? true : length(var.load_balancer.rules) > 0 && length(distinct([for rule in var.load_balancer.rules : rule.name])) == length(var.load_balancer.rules)
    error_message = "A load balancer has rules, each with a name of its own."
  }
  validation {
    condition = var.load_balancer == null ? true : alltrue([for rule in var.load_balancer.rules : rule.protocol == "All" ?
      var.load_balancer.type == "internal" && rule.port == 0 && coalesce(rule.backend_port, 0) == 0 :
      contains(["Tcp", "Udp"], rule.protocol) && alltrue([for port in [rule.port, coalesce(rule.backend_port, rule.port)] : port >= 1 && port <= 65535])
    ])
    error_message = "A rule is of Tcp or Udp and has ports from 1 to 65535, or is All with port 0, which is every port of an internal load balancer."
  }
}

variable "size" {
  type        = string
  default     = "Standard_D2s_v5"
  description = "The size of the virtual machines."
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
  description = "Secure boot and a virtual TPM; false for an image that cannot."
}

variable "os_disk_type" {
  type        = string
  default     = "StandardSSD_LRS"
  description = "The kind of disk."

  validation {
    condition     = contains(["Standard_LRS", "StandardSSD_LRS", "Premium_LRS", "StandardSSD_ZRS", "Premium_ZRS"], var.os_disk_type)
    error_message = "os_disk_type is Standard_LRS, StandardSSD_LRS, Premium_LRS, StandardSSD_ZRS or Premium_ZRS."
  }
}

variable "encryption_at_host" {
  type        = bool
  default     = true
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
  description = "A virtual function of the network card below eth0; false for a size that has none."
}

variable "admin_username" {
  type        = string
  default     = "azureuser"
  description = "The first user, who may become root. There are no passwords."

  validation {
    condition     = can(regex("^[a-z_][a-z0-9_-]{0,31}$", var.admin_username)) && !contains(["root", "admin", "administrator", "user", "guest", "test"], var.admin_username)
    error_message = "admin_username is a user name of Linux, and none that Azure reserves, like root or admin."
  }
}

variable "admin_ssh_public_key" {
  type        = string
  description = "The public key of that user, ssh-rsa or ssh-ed25519: Azure makes no machine of Linux without a key or a password. No rule lets SSH in."

  validation {
    condition     = can(regex("^(ssh-rsa|ssh-ed25519) [A-Za-z0-9+/]+=* ?[^\\n]*\\n?$", var.admin_ssh_public_key))
    error_message = "admin_ssh_public_key is one line: ssh-ed25519 AAAA..., or ssh-rsa AAAA... of 2048 bits or more; never the private key."
  }
}

variable "allow_extensions" {
  type        = bool
  default     = false
  description = "Let the agent of Azure install extensions, which run as root."
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "Tags of everything that is made here."
}
