# Reserved, so that nobody is given the address while its node is being replaced.
resource "google_compute_address" "node" {
  for_each = var.nodes

  project      = var.project
  region       = var.region
  name         = "${var.name}-node-${each.key}"
  address_type = "INTERNAL"
  address      = each.value.address
  subnetwork   = local.subnetwork
  labels       = var.labels
}

resource "google_compute_instance" "node" {
  for_each = var.nodes

  project      = var.project
  zone         = each.value.zone
  name         = "${var.name}-${each.key}"
  machine_type = coalesce(each.value.machine_type, var.machine_type)
  labels       = var.labels
  tags         = var.tags

  # Decided when an instance is made. The next hop of a route forwards; a forwarding rule's target and
  # an alias range do without.
  can_ip_forward = length(local.routes) > 0

  # A change of machine type stops a machine, and Terraform would stop both at once: replace one after
  # the other instead.
  allow_stopping_for_update = false

  boot_disk {
    kms_key_self_link = var.disk_encryption_key

    initialize_params {
      image = var.image
      size  = var.disk.size_gb
      type  = var.disk.type
    }
  }

  network_interface {
    subnetwork = local.subnetwork
    network_ip = google_compute_address.node[each.key].address
    stack_type = var.stack_type

    # An ephemeral address of its own.
    dynamic "access_config" {
      for_each = var.own_egress == "own-address" ? [true] : []
      content {}
    }
  }

  service_account {
    email = google_service_account.nodes.email
    # What it may do is decided by its roles.
    scopes = ["cloud-platform"]
  }

  shielded_instance_config {
    enable_secure_boot          = true
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  metadata = merge(
    var.first_boot_by == "cloud-init" ? { user-data = module.configuration.user_data[each.key] } : { startup-script = module.configuration.startup_script[each.key] },
    {
      enable-oslogin         = "TRUE"
      block-project-ssh-keys = "TRUE"
      serial-port-enable     = "FALSE"
    },
  )

  lifecycle {
    # A failover moves external addresses and alias ranges between the nodes. A newer image is for a node
    # that is replaced. Metadata is not ignored: Google changes it in place, and a node reads its user
    # data once, when it is new.
    ignore_changes = [
      network_interface[0].access_config,
      network_interface[0].alias_ip_range,
      boot_disk[0].initialize_params[0].image,
    ]

    precondition {
      condition     = cidrhost("${each.value.address}/${split("/", local.cidr)[1]}", 0) == cidrhost(local.cidr, 0) && !contains([cidrhost(local.cidr, 0), cidrhost(local.cidr, 1), cidrhost(local.cidr, -2), cidrhost(local.cidr, -1)], each.value.address)
      error_message = "${each.value.address} is no usable address of ${local.cidr}, the range of the subnetwork; the first two and the last two are Google's."
    }
    precondition {
      condition     = var.own_egress != "endpoint" || data.google_compute_subnetwork.nodes.private_ip_google_access
      error_message = "own_egress is endpoint, but the subnetwork has no Private Google Access: turn it on (gcloud compute networks subnets update NAME --enable-private-ip-google-access), or use nat."
    }
    precondition {
      condition     = endswith(data.google_compute_subnetwork.nodes.network, local.network)
      error_message = "The subnetwork is of ${data.google_compute_subnetwork.nodes.network}, not of ${local.network}: set network, and with a shared VPC host_project."
    }
    precondition {
      condition     = startswith(local.network, "projects/${local.host_project}/") && startswith(local.subnetwork, "projects/${local.host_project}/regions/${var.region}/")
      error_message = "${local.network} and ${local.subnetwork} are not of ${local.host_project} and ${var.region}: set host_project, or region."
    }
    precondition {
      condition     = alltrue(flatten([for claim in var.claims : [for table in coalesce(claim.tables, []) : reverse(split("/", table))[0] == reverse(split("/", local.network))[0]] if claim.kind == "route"]))
      error_message = "The tables of a route are the network of the subnetwork, ${local.network}: the nodes have an interface in no other. Leave them out."
    }
  }

  # A node makes its first call as soon as it is up. Routes are deleted when no node is left to make them again.
  depends_on = [
    google_compute_firewall.vrrp,
    google_compute_subnetwork_iam_member.nodes,
    google_project_iam_member.nodes,
    google_secret_manager_secret_iam_member.nodes,
    google_storage_bucket_iam_member.nodes,
    terraform_data.routes,
  ]
}
