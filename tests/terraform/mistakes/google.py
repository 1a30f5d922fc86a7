"""A right configuration of Google Cloud, and one mistake at a time in it."""

from __future__ import annotations

from terraform.mistakes.mistake import Mistake

RIGHT = """
terraform {
  required_providers {
    google = { source = "hashicorp/google" }
  }
}
provider "google" {
  project = "project-1"
}
data "google_compute_subnetwork" "a" {
  name   = "nodes"
  region = "europe-west1"
}
resource "google_compute_instance" "a" {
  name           = "edge-a"
  machine_type   = "e2-micro"
  zone           = "europe-west1-b"
  can_ip_forward = false
  boot_disk {
    initialize_params {
      image = "debian-cloud/debian-12"
    }
  }
  network_interface {
    subnetwork = data.google_compute_subnetwork.a.id
    network_ip = "10.0.1.10"
  }
}
output "link" {
  value = google_compute_instance.a.self_link
}
"""

MISTAKES = (
    Mistake(
        "a typo", "machine_type", "machinetype", 'argument named "machinetype" is not expected'
    ),
    Mistake(
        "a typo in a block",
        "network_ip",
        "private_ip",
        'argument named "private_ip" is not expected',
    ),
    Mistake(
        "a typo in the provider's block",
        "project =",
        "projects =",
        'argument named "projects" is not',
    ),
    Mistake("a string for a bool", "= false", '= "off"', '"can_ip_forward": a bool is required'),
    Mistake(
        "a list for a string",
        '"europe-west1-b"',
        '["europe-west1-b"]',
        '"zone": string required',
    ),
    Mistake(
        "a required argument left out",
        "machine_type ",
        "# ",
        'The argument "machine_type" is required',
    ),
    Mistake(
        "a required block left out",
        "boot_disk",
        "scratch_disk",
        "Insufficient boot_disk blocks",
    ),
    Mistake(
        "an unknown block",
        "initialize_params",
        "parameters",
        'Blocks of type "parameters" are not exp',
    ),
    Mistake(
        "a block too many",
        "boot_disk {",
        "boot_disk {}\n  boot_disk {",
        'No more than 1 "boot_disk"',
    ),
    Mistake(
        "an unknown resource",
        '"google_compute_instance"',
        '"google_instance"',
        'does not support resource type "google_instance"',
    ),
    Mistake(
        "an unknown data source",
        "google_compute_subnetwork",
        "google_subnetwork",
        'does not support data source "google_subnetwork"',
    ),
    Mistake(
        "what only the provider decides",
        "can_ip_forward",
        'self_link = "me"\n  can_ip_forward',
        'configure a value for "self_link"',
    ),
    Mistake(
        "what only the provider decides, in a block",
        "network_ip",
        'name = "nic7"\n    network_ip',
        'configure a value for "name"',
    ),
    Mistake(
        "an attribute that is not there",
        "a.self_link",
        "a.selflink",
        'attribute named "selflink"',
    ),
    Mistake(
        "an attribute of data that is not there",
        "subnetwork.a.id",
        "subnetwork.a.ident",
        'attribute named "ident"',
    ),
)
