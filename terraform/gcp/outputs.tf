output "cloudfail_toml" {
  value       = module.configuration.cloudfail_toml
  description = "/etc/cloudfail/cloudfail.toml, the same file on every node."
}

output "addresses" {
  value = merge(
    { for claim in local.claims : "public-ip" => claim.address if claim.kind == "public-ip" },
    { for claim in local.claims : "private-ip ${claim.address}" => claim.address if claim.kind == "private-ip" },
    { for claim in local.claims : "route ${claim.destination}" => claim.destination if claim.kind == "route" },
    { for name, address in local.rule_addresses : "forwarding-rule ${name}" => address },
    var.load_balancer == null ? {} : { "load-balancer" = local.load_balancer_address },
  )
  description = "The addresses and networks that follow the master, by claim."
}

output "nodes" {
  value = { for name, node in google_compute_instance.node : name => {
    id      = node.id
    zone    = node.zone
    address = node.network_interface[0].network_ip
  } }
  description = "The instances by node: id, zone and private address."
}

output "check_commands" {
  value = concat(
    [for name, node in var.nodes : "gcloud compute instances get-serial-port-output ${var.name}-${name} --project ${var.project} --zone ${node.zone}"],
    [for name, region in local.rules : "gcloud compute forwarding-rules describe ${name} --project ${var.project} --region ${region} --format \"value(IPAddress, target)\""],
    [for route in local.routes : "gcloud compute routes list --project ${local.host_project} --filter \"destRange=${route}\" --format \"table(name, nextHopInstance, priority)\""],
    length(setintersection(local.kinds, ["public-ip", "private-ip"])) == 0 ? [] : [
      for name, node in var.nodes : "gcloud compute instances describe ${var.name}-${name} --project ${var.project} --zone ${node.zone} --format \"yaml(networkInterfaces[].accessConfigs, networkInterfaces[].aliasIpRanges)\""
    ],
    [for service in google_compute_region_backend_service.master : "gcloud compute backend-services get-health ${service.name} --project ${var.project} --region ${var.region}"],
  )
  description = "What shows how the first boot went, and who is master by Google's own word."
}

output "policy" {
  value       = { for scope, role in local.roles : scope => merge(role, { condition = lookup(local.conditions, scope, null) }) }
  description = "The permissions of the nodes by scope: project, nodes and rules in the nodes' project, network and subnetwork in that of the network."
}

output "service_account" {
  value       = google_service_account.nodes.email
  description = "The nodes' service account: the target of firewall rules for what the master serves."
}
