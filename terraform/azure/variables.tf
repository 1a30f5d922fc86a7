# What the pair is, in the words of cloudfail.toml: docs/reference/config.md says what each one means.

variable "name" {
  type        = string
  default     = "edge"
  nullable    = false
  description = "Begins the name of everything that is made here."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,28}[a-z0-9]$", var.name))
    error_message = "name has 3 to 30 small letters, digits and -, begins with a letter, and does not end with -."
  }
}

variable "instance_name" {
  type        = string
  default     = "edge"
  nullable    = false
  description = "The name of the vrrp_instance."

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$", var.instance_name))
    error_message = "instance_name has 1 to 32 letters, digits, - or _, and begins with a letter or a digit."
  }
}

variable "virtual_router_id" {
  type        = number
  nullable    = false
  description = "The VRRP virtual router id: a number that no other pair of these subnets has."

  validation {
    condition     = var.virtual_router_id >= 1 && var.virtual_router_id <= 255 && floor(var.virtual_router_id) == var.virtual_router_id
    error_message = "virtual_router_id is a whole number from 1 to 255."
  }
}

variable "advert_int" {
  type        = number
  default     = 1
  nullable    = false
  description = "Seconds between two adverts; a failover is noticed after three of them, and a bit."

  validation {
    condition     = var.advert_int >= 0.01 && var.advert_int <= 255 && abs(var.advert_int * 100 - floor(var.advert_int * 100 + 0.5)) < 0.000001
    error_message = "advert_int is 0.01 to 40.95 seconds in steps of 0.01; with VRRP version 2 it is 1 to 255 whole seconds."
  }
}

variable "nopreempt" {
  type        = bool
  default     = null
  description = "A better node that comes back does not take over; null: cloudfail's default, which is true without preempt_delay."
}

variable "preempt_delay" {
  type        = number
  default     = null
  description = "Seconds until a better node that came back takes over; null: it does not."

  validation {
    condition     = var.preempt_delay == null ? true : var.preempt_delay >= 0 && var.preempt_delay <= 1000
    error_message = "preempt_delay is 0 to 1000 seconds."
  }
  validation {
    condition     = var.preempt_delay == null || var.nopreempt != true
    error_message = "preempt_delay and nopreempt = true contradict each other: leave one of them out."
  }
}

variable "nodes" {
  type = map(object({
    address     = string
    priority    = number
    subnet_name = string
    zone        = optional(string)
    size        = optional(string)
    subnet      = optional(string)
    interface   = optional(string)
  }))
  nullable    = false
  description = "Two or three members by name: the static private address, which VRRP speaks from, the priority, the name of the existing subnet of virtual_network, the availability zone, the size where it is not var.size (so that nodes are resized one after the other), the CIDR of the subnet where it is not a /24, and the network device where it is not eth0, as images for Azure name it (never enP..., which accelerated networking puts below it)."

  validation {
    condition     = length(var.nodes) >= 2 && length(var.nodes) <= 3
    error_message = "nodes has two or three members."
  }
  validation {
    condition     = alltrue([for name in keys(var.nodes) : can(regex("^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$", name))])
    error_message = "The name of a node has 1 to 20 small letters, digits and -: it ends the name of its virtual machine."
  }
  validation {
    condition     = length(distinct([for node in var.nodes : node.priority])) == length(var.nodes)
    error_message = "No two nodes share a priority: both would be master at once after a tie."
  }
  validation {
    condition     = alltrue([for node in var.nodes : node.priority >= 1 && node.priority <= 254 && floor(node.priority) == node.priority])
    error_message = "A priority is a whole number from 1 to 254."
  }
  validation {
    condition     = length(distinct([for node in var.nodes : node.address])) == length(var.nodes)
    error_message = "No two nodes share an address."
  }
  validation {
    condition     = alltrue([for node in var.nodes : can(cidrnetmask("${node.address}/32"))])
    error_message = "The address of a node is one IPv4 address, without a prefix length: a network interface's primary ipConfiguration is IPv4."
  }
  validation {
    condition     = alltrue([for node in var.nodes : can(regex("^[A-Za-z0-9]([\\w.-]{0,78}\\w)?$", node.subnet_name))])
    error_message = "subnet_name is the name of a subnet, not its id."
  }
  validation {
    condition     = alltrue([for node in var.nodes : node.zone == null ? true : contains(["1", "2", "3"], node.zone)])
    error_message = "zone is \"1\", \"2\" or \"3\"; leave it out in a region without zones."
  }
  validation {
    condition     = length(distinct([for node in var.nodes : node.zone == null])) == 1
    error_message = "Either every node has a zone, or none: those without are in an availability set, which has no zones."
  }
  validation {
    condition     = alltrue([for node in var.nodes : node.subnet == null ? true : can(cidrhost(node.subnet, 0))])
    error_message = "subnet is the CIDR of the node's subnet, like 10.0.1.0/24."
  }
}

variable "claims" {
  type = list(object({
    kind            = string
    address         = optional(string)
    private_address = optional(string)
    resource_id     = optional(string)
    destination     = optional(string)
    tables          = optional(list(string))
    allocate        = optional(bool, false)
    name            = optional(string)
  }))
  default     = []
  nullable    = false
  description = "What the master must own, in the words of [[instance.NAME.claim]]. public-ip: an existing address by resource_id, or allocate = true, and it is made here, under its name (null: the pair's). private-ip: all nodes share one subnet. route: tables are NAME (of resource_group), RESOURCE-GROUP/NAME or whole ids; it is made in those of this subscription, and in others by cloudfail."

  validation {
    condition     = alltrue([for claim in var.claims : contains(["public-ip", "private-ip", "route"], claim.kind)])
    error_message = "The kind of a claim is public-ip, private-ip or route: Azure has no other. For an address of a load balancer use responders and load_balancer."
  }
  validation {
    condition = alltrue([for claim in var.claims : claim.address == null && claim.destination != null &&
      length(coalesce(claim.tables, [])) > 0 && claim.private_address == null && claim.resource_id == null
    if claim.kind == "route"])
    error_message = "A route has a destination and tables, and nothing else."
  }
  validation {
    condition = alltrue([for claim in var.claims : claim.address != null && claim.destination == null &&
      claim.tables == null && claim.private_address == null && claim.resource_id == null
    if claim.kind == "private-ip"])
    error_message = "A private-ip has an address, and nothing else: Azure finds it by that."
  }
  validation {
    condition = alltrue([for claim in var.claims : claim.destination == null && claim.tables == null
    if claim.kind == "public-ip"])
    error_message = "A public-ip has neither destination nor tables: those are a route's."
  }
  validation {
    condition = alltrue([for claim in var.claims : claim.allocate ? claim.resource_id == null && claim.address == null : claim.resource_id != null
    if claim.kind == "public-ip"])
    error_message = "A public-ip has either allocate = true, and no address yet, or the resource_id of one that exists (az network public-ip show --query id)."
  }
  validation {
    condition     = alltrue([for claim in var.claims : claim.kind == "public-ip" || (!claim.allocate && claim.name == null)])
    error_message = "allocate and name are words of a public-ip only."
  }
  validation {
    condition = alltrue([for claim in var.claims : claim.resource_id == null ? true : can(regex(local.public_ip_id, claim.resource_id)) &&
    startswith(lower(claim.resource_id), "/subscriptions/${lower(var.subscription_id)}/") if claim.kind == "public-ip"])
    error_message = "resource_id is the whole id of a public address of this subscription, as that of an interface has to be: /subscriptions/.../publicIPAddresses/NAME."
  }
  validation {
    condition     = alltrue([for claim in var.claims : can(cidrnetmask(claim.destination)) if claim.kind == "route"])
    error_message = "destination is an IPv4 network, like 10.99.0.0/16 or 10.99.0.1/32: its next hop is a node's IPv4 address."
  }
  validation {
    condition = alltrue([for address in flatten([for claim in var.claims : [claim.address, claim.private_address]]) :
      can(cidrhost("${address}/${strcontains(address, ":") ? 128 : 32}", 0)) if address != null
    ])
    error_message = "address and private_address are single addresses, without a prefix length: Azure moves no ranges."
  }
  validation {
    condition     = alltrue([for table in flatten([for claim in var.claims : coalesce(claim.tables, [])]) : can(regex(local.table, table))])
    error_message = "A table is NAME (of resource_group), RESOURCE-GROUP/NAME, or a whole id: /subscriptions/.../routeTables/NAME."
  }
  validation {
    condition = (length(distinct([for claim in var.claims : lower(coalesce(claim.name, var.name)) if claim.allocate])) ==
    length([for claim in var.claims : claim if claim.allocate]))
    error_message = "Of several public-ip claims that are made here each has a name of its own."
  }
  validation {
    condition = alltrue([for claim in var.claims : can(regex("^[A-Za-z0-9]([\\w.-]{0,78}\\w)?$", claim.name)) &&
      !contains(concat(["${var.name}-frontend"], [for name in keys(var.nodes) : "${var.name}-${name}-own"]), lower(claim.name))
    if claim.name != null])
    error_message = "The name of a public-ip has at most 80 letters, digits, _ . and -, and is none of NAME-frontend and NAME-NODE-own, which are other addresses of this pair."
  }
  validation {
    condition = (length(distinct([for claim in var.claims : coalesce(claim.private_address, "-") if claim.kind == "public-ip"])) ==
    length([for claim in var.claims : claim if claim.kind == "public-ip"]))
    error_message = "Of several public-ip claims each has a private_address of its own: an ipConfiguration has one public address."
  }
  validation {
    condition = alltrue([for claim in var.claims : contains([for other in var.claims : other.address if other.kind == "private-ip"], claim.private_address)
    if claim.private_address != null])
    error_message = "private_address is the address of a private-ip claim: no other ipConfiguration is on every node in turn."
  }
  validation {
    condition     = length(setintersection([for claim in var.claims : claim.address if claim.kind == "private-ip"], [for node in var.nodes : node.address])) == 0
    error_message = "A private-ip is no node's own address: a primary ipConfiguration never moves."
  }
  validation {
    condition     = length([for claim in var.claims : claim if claim.kind == "private-ip"]) == 0 || length(distinct([for node in var.nodes : lower(node.subnet_name)])) == 1
    error_message = "With a private-ip claim all nodes are in one subnet, which the address belongs to."
  }
  validation {
    condition     = var.own_egress != "own-address" || alltrue([for claim in var.claims : claim.private_address != null if claim.kind == "public-ip"])
    error_message = "With own_egress = \"own-address\" the primary ipConfiguration has the node's own address: a public-ip needs a private_address, which is a private-ip claim."
  }
}

variable "responders" {
  type = list(object({
    port     = number
    protocol = optional(string)
    path     = optional(string)
    address  = optional(string)
  }))
  default     = []
  nullable    = false
  description = "Ports that answer on the master only, in the words of [[instance.NAME.responder]]. The load balancer's probe asks the first."

  validation {
    condition     = alltrue([for one in var.responders : one.port >= 1 && one.port <= 65535 && floor(one.port) == one.port])
    error_message = "The port of a responder is a whole number from 1 to 65535."
  }
  validation {
    condition     = alltrue([for one in var.responders : contains(["tcp", "http"], coalesce(one.protocol, "tcp"))])
    error_message = "The protocol of a responder is tcp or http."
  }
  validation {
    condition     = alltrue([for one in var.responders : one.path == null ? true : one.protocol == "http" && startswith(one.path, "/")])
    error_message = "path begins with /, and is for protocol = \"http\" only."
  }
  validation {
    condition     = alltrue([for one in var.responders : one.address == null])
    error_message = "Leave the address of a responder out: probes go to each node's own address, and the file is the same on all."
  }
}

variable "vrrp_version" {
  type        = number
  default     = null
  description = "2 for PASS and AH; null: 2 where the authentication needs it, else 3."
}

variable "authentication" {
  type = object({
    type   = string
    secret = string
  })
  default     = null
  description = "Who may send adverts: PASS, AH or hmac, and the id of a secret in a Key Vault with Azure RBAC: /subscriptions/.../vaults/NAME/secrets/NAME (resource_versionless_id). Each node fetches it as its identity; it is in no user data and no state."

  validation {
    condition     = var.authentication == null ? true : contains(["PASS", "AH", "hmac"], var.authentication.type)
    error_message = "authentication.type is PASS, AH or hmac; leave authentication out for none."
  }
  validation {
    condition     = var.authentication == null ? true : can(regex(local.secret_id, var.authentication.secret))
    error_message = "authentication.secret is the id of a secret without a version, never the secret: /subscriptions/.../providers/Microsoft.KeyVault/vaults/NAME/secrets/NAME."
  }
}

variable "cloudfail" {
  type = object({
    version   = optional(string)
    index_url = optional(string)
    wheel_url = optional(string)
  })
  default     = {}
  nullable    = false
  description = "Where cloudfail comes from: version (pinned; null: the one of this tree), index_url (null: PyPI), or wheel_url, which is https://, also of a private blob (wheel_container_id)."
}

variable "virtual_ipaddress" {
  type        = list(string)
  default     = []
  nullable    = false
  description = "Addresses that keepalived adds on the master; empty: those of the claims."
}

variable "extra_configuration" {
  type        = string
  default     = ""
  nullable    = false
  description = "TOML that cloudfail.toml gets too: [keepalived], [instance.NAME.services], hooks, [vrrp_script.NAME], ..."
}

variable "first_boot" {
  type        = list(string)
  default     = []
  nullable    = false
  description = "Shell commands that run as root before keepalived is started, each a line."
}

# ---- Where in Azure, and on what.

variable "subscription_id" {
  type        = string
  nullable    = false
  description = "The subscription of the provider: that of the virtual network, and of everything that is made here."

  validation {
    condition     = can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", var.subscription_id))
    error_message = "subscription_id is like 00000000-0000-0000-0000-000000000000 (az account show --query id); data.azurerm_client_config has it, too."
  }
}

variable "resource_group" {
  type        = string
  nullable    = false
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
  nullable    = false
  description = "The existing virtual network of the nodes' subnets, and its resource group where that is another one. Names and not ids, because roles are assigned on subnets that may not be there yet when this is planned."

  validation {
    condition     = can(regex("^[A-Za-z0-9]([\\w.-]{0,62}\\w)?$", var.virtual_network.name))
    error_message = "virtual_network.name is the name of a virtual network, not its id."
  }
}

variable "location" {
  type        = string
  nullable    = false
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
    condition     = can(regex("^[a-z_][a-z0-9_-]{0,31}$", var.admin_username)) && !contains(split(" ", "administrator admin user user1 test user2 test1 user3 admin1 a actuser adm admin2 aspnet backup console david guest john owner root server sql support support_388945a0 sys test2 test3 user4 user5"), var.admin_username)
    error_message = "admin_username is a user name of Linux, and none that Azure reserves, like root, admin, backup, owner or test."
  }
}

variable "admin_ssh_public_key" {
  type        = string
  nullable    = false
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

  validation {
    condition     = length(var.tags) <= 50 && alltrue([for key, value in var.tags : can(regex("^[^<>%&\\\\?/]{1,512}$", key)) && length(coalesce(value, "-")) <= 256])
    error_message = "A tag has a key of 1 to 512 characters without < > % & \\ ? /, and a value of at most 256; 50 tags at most."
  }
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

# ---- The ways to the nodes, and out of them.

variable "own_egress" {
  type        = string
  default     = "nat"
  nullable    = false
  description = "How a node reaches the API before it owns anything: nat (the subnet has a NAT gateway; cloudfail looks), own-address (each node gets a public address of its own; what comes in there, the security group decides), or assured (another way, like a firewall of a route table: you vouch for it, and cloudfail does not look)."

  validation {
    condition     = contains(["nat", "own-address", "assured"], var.own_egress)
    error_message = "own_egress is nat, own-address or assured. There is no endpoint: Azure Resource Manager has none in a subnet; for a private link of Resource Management take assured, with its endpoint in provider_settings."
  }
}

variable "ingress" {
  type = list(object({
    name         = string
    protocol     = string
    ports        = optional(list(string), ["*"])
    sources      = list(string)
    destinations = optional(list(string), ["*"])
    priority     = optional(number)
  }))
  default     = []
  nullable    = false
  description = "What else may reach the nodes, besides VRRP and the load balancer's probes: nothing, if this is empty. sources are networks or one service tag; destinations too (* also of what is routed through a node). Without a priority (1000 to 4095) a rule gets the next one in this order: then add rules at the end only, or give each its priority, since Azure refuses a rule whose priority another one still has."

  validation {
    condition     = length(var.ingress) <= 100 && length(distinct([for rule in var.ingress : lower(rule.name)])) == length(var.ingress)
    error_message = "ingress has at most 100 rules, each with a name of its own."
  }
  validation {
    condition     = alltrue([for rule in var.ingress : can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,50}$", rule.name)) && !contains(["vrrp", "probes", "nobody-else"], lower(rule.name))])
    error_message = "The name of a rule has letters, digits, - and _, begins with a letter or a digit, and is none of vrrp, probes and nobody-else, which are made here."
  }
  validation {
    condition = alltrue([for number, rule in var.ingress : coalesce(rule.priority, 1000 + number) >= 1000 && coalesce(rule.priority, 1000 + number) <= 4095]) && (
    length(distinct([for number, rule in var.ingress : coalesce(rule.priority, 1000 + number)])) == length(var.ingress))
    error_message = "The priority of a rule is 1000 to 4095, and no other rule's: a rule without one has 1000 and its place in the list."
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
    condition = alltrue([for rule in var.ingress : rule.ports == tolist(["*"]) || (length(rule.ports) > 0 && alltrue([for port in rule.ports :
    can(regex("^\\d{1,5}(-\\d{1,5})?$", port)) && try(max([for number in split("-", port) : tonumber(number)]...), 65536) <= 65535]))])
    error_message = "A port is a number to 65535, a range like 8000-8100, or * alone."
  }
  validation {
    condition = alltrue(flatten([for rule in var.ingress : [for side in [rule.sources, rule.destinations] :
      (length(side) == 1 && can(regex("^(\\*|[A-Za-z]+(\\.[A-Za-z0-9]+)?)$", side[0]))) ||
      (length(side) > 0 && alltrue([for one in side : can(cidrhost(strcontains(one, "/") ? one : "${one}/${strcontains(one, ":") ? 128 : 32}", 0))]))
    ]]))
    error_message = "sources and destinations are networks and addresses, or one service tag or * alone."
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
    condition     = var.load_balancer == null ? true : length(var.load_balancer.rules) > 0 && length(distinct([for rule in var.load_balancer.rules : lower(rule.name)])) == length(var.load_balancer.rules)
    error_message = "A load balancer has rules, each with a name of its own."
  }
  validation {
    condition     = var.load_balancer == null ? true : alltrue([for rule in var.load_balancer.rules : can(regex("^[A-Za-z0-9]([\\w.-]{0,78}\\w)?$", rule.name))])
    error_message = "The name of a rule has at most 80 letters, digits, _ . and -, begins with a letter or a digit, and ends with one of them or _."
  }
  validation {
    condition = var.load_balancer == null ? true : alltrue([for ports in [
      [for rule in var.load_balancer.rules : "${rule.protocol} ${rule.port}"],
      [for rule in var.load_balancer.rules : "${rule.protocol} ${coalesce(rule.backend_port, rule.port)}"],
    ] : length(distinct(ports)) == length(ports)]) && !(length(var.load_balancer.rules) > 1 && anytrue([for rule in var.load_balancer.rules : rule.protocol == "All"]))
    error_message = "No two rules have a port, or a backend_port, of the same protocol, and a rule of All is the only one: Azure refuses more without floating IP."
  }
  validation {
    condition = var.load_balancer == null ? true : alltrue([for rule in var.load_balancer.rules : rule.protocol == "All" ?
      var.load_balancer.type == "internal" && rule.port == 0 && coalesce(rule.backend_port, 0) == 0 :
      contains(["Tcp", "Udp"], rule.protocol) && alltrue([for port in [rule.port, coalesce(rule.backend_port, rule.port)] : port >= 1 && port <= 65535])
    ])
    error_message = "A rule is of Tcp or Udp and has ports from 1 to 65535, or is All with port 0, which is every port of an internal load balancer."
  }
}
