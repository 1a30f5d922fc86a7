"""What an operator would write with Google's client: point a rule at a target instance, and wait.

    python script.py ENDPOINT PROJECT REGION RULE TARGET

Not `.result()`, which asks the public endpoint whatever the client's is.
"""

from __future__ import annotations

import sys

from google.api_core.client_options import ClientOptions
from google.cloud import compute_v1


def main(endpoint: str, project: str, region: str, rule: str, target: str) -> None:
    options = ClientOptions(api_endpoint=endpoint)
    operation = compute_v1.ForwardingRulesClient(client_options=options).set_target_unary(
        project=project,
        region=region,
        forwarding_rule=rule,
        target_reference_resource=compute_v1.TargetReference(target=target),
    )
    compute_v1.RegionOperationsClient(client_options=options).wait(
        project=project, region=region, operation=operation.name
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
