provider "google" {
  project = var.project
  region  = var.region
}

resource "google_compute_network" "this" {
  name                    = "edge"
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "this" {
  name                     = "edge"
  region                   = var.region
  network                  = google_compute_network.this.id
  ip_cidr_range            = "10.0.1.0/24"
  private_ip_google_access = true
}

# The nodes' own way to packages and to Google's API, whoever is master.
resource "google_compute_router" "this" {
  name    = "edge"
  region  = var.region
  network = google_compute_network.this.id
}

resource "google_compute_router_nat" "this" {
  name                               = "edge"
  region                             = var.region
  router                             = google_compute_router.this.name
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"
}

module "pair" {
  source = "../../../terraform/gcp"

  name              = "edge"
  project           = var.project
  region            = var.region
  network           = google_compute_network.this.name
  subnetwork        = google_compute_subnetwork.this.self_link
  virtual_router_id = 53

  nodes = {
    a = { zone = "${var.region}-b", address = "10.0.1.10", priority = 150 }
    b = { zone = "${var.region}-c", address = "10.0.1.11", priority = 100 }
  }

  # Nothing is claimed: the load balancer asks both nodes, and the master alone answers 200.
  responders    = [{ port = 8100, protocol = "http", path = "/master" }]
  load_balancer = { address = "10.0.1.100", ports = ["443"] }

  depends_on = [google_compute_router_nat.this]
}

# What the master serves is open to the network; the module opens nothing but VRRP and Google's probes.
resource "google_compute_firewall" "clients" {
  name                    = "edge-clients"
  network                 = google_compute_network.this.id
  source_ranges           = [google_compute_subnetwork.this.ip_cidr_range]
  target_service_accounts = [module.pair.service_account]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }
}
