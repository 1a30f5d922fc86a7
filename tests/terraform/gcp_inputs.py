"""A pair of Google Cloud as the module's inputs have it, and what is there before it is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from terraform.stubs import Stub
from terraform.workspace import Workspace

Values = dict[str, Any]

PROJECT, HOST, REGION = "lab-project", "host-project", "europe-west1"
ZONES = {"a": f"{REGION}-b", "b": f"{REGION}-c"}
CIDR = "10.0.1.0/24"
DESTINATION, ALIAS, PUBLIC = "10.99.0.1/32", "10.0.1.100", "203.0.113.50"
BASE: Values = {
    "name": "edge",
    "project": PROJECT,
    "region": REGION,
    "network": "lab",
    "subnetwork": "nodes",
    "virtual_router_id": 51,
    "nodes": {
        "a": {"zone": ZONES["a"], "address": "10.0.1.10", "priority": 150},
        "b": {"zone": ZONES["b"], "address": "10.0.1.11", "priority": 100},
    },
    # Its tests are in test_gcp_module_routes.py, with gcloud.
    "delete_routes_on_destroy": False,
}
RULE: Values = {
    "claims": [{"kind": "forwarding-rule", "name": "edge"}],
    "forwarding_rules": {"edge": {"ports": ["443"]}},
}
ROUTE: Values = {"claims": [{"kind": "route", "destination": DESTINATION}]}
PRIVATE: Values = {"claims": [{"kind": "private-ip", "address": ALIAS}]}
PUBLIC_IP: Values = {"claims": [{"kind": "public-ip", "address": PUBLIC}]}
ALL_KINDS: Values = {
    **RULE,
    "claims": [one for each in (RULE, ROUTE, PRIVATE, PUBLIC_IP) for one in each["claims"]],
}
EVERYTHING: Values = {
    **ALL_KINDS,
    "responders": [{"port": 8100}],
    "load_balancer": {"ports": ["443"]},
    "authentication": {"type": "AH", "secret": f"projects/{PROJECT}/secrets/edge"},
    "cloudfail": {"wheel_url": "gs://wheels/v/cloudfail-0.1.0-py3-none-any.whl"},
}


def network(project: str = PROJECT) -> str:
    return f"projects/{project}/global/networks/lab"


def prepare(google: Stub, project: str = PROJECT) -> None:
    """Let there be a network with a subnetwork in a project."""
    api = "https://www.googleapis.com/compute/v1"
    google.tell(
        "google_compute_subnetwork",
        name="nodes",
        project=project,
        region=REGION,
        self_link=f"{api}/projects/{project}/regions/{REGION}/subnetworks/nodes",
        network=f"{api}/{network(project)}",
        ip_cidr_range=CIDR,
        private_ip_google_access=True,
        secondary_ip_range=[],
    )


def module(workspace: Callable[..., Workspace], google: Stub, *inputs: Values) -> Workspace:
    """The module with these inputs, ready to be applied."""
    made = workspace("terraform/gcp", google)
    made.init()
    made.variables = {key: value for one in (BASE, *inputs) for key, value in one.items()}
    return made
