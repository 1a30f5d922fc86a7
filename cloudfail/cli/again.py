"""The arguments that name the same instance once more, for texts that people paste."""

from __future__ import annotations

import shlex

from cloudfail.cli.target import Target
from cloudfail.model import Claim, PrivateIp, PublicIp, Route


def arguments_of(target: Target) -> str:
    """Return `--instance edge`, or the flags of a drop-in without a file, quoted."""
    known = target.config.instances.get(target.instance.name)
    if known is not None and known.claims == target.instance.claims:
        return shlex.join(["--config", str(target.config.path), "--instance", known.name])
    arguments = ["--provider", target.spec.name]
    for claim in target.instance.claims:
        arguments += _flag(claim)
    return shlex.join(arguments)


def _flag(claim: Claim) -> list[str]:
    match claim:
        case PublicIp(address=address, private_address=private):
            sits = ["--to-private-ip", str(private)] if private else []
            return ["--public-ip", str(address), *sits]
        case PrivateIp(address=address):
            return ["--private-ip", str(address)]
        case Route(table=table, destination=destination):
            return ["--route", f"{table}={destination}"]
        case _:
            return []
