"""Print the least permissions that the claims need: a role that looks, and one that moves.

Without --instance, the claims of every instance of the provider count: one role serves the node.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cloudfail import registry
from cloudfail.cli import parser as flags
from cloudfail.cli.claims import claims_of, has_claims
from cloudfail.cli.document import document, print_document
from cloudfail.cli.output import show
from cloudfail.cli.target import find_config, settings_of
from cloudfail.config import Config, choose
from cloudfail.errors import ConfigError, UsageError
from cloudfail.model import Claim
from cloudfail.provider import ProviderSpec


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("name", metavar="PROVIDER", help="the cloud; see `cloudfail providers`")
    parser.add_argument(
        "--role", metavar="ROLE", type=flags.filled, help="only this document: read, write, ..."
    )
    parser.add_argument("--config", metavar="FILE", type=flags.filled, help="whose claims count")
    parser.add_argument(
        "--instance", metavar="NAME", type=flags.filled, help="only the claims of this instance"
    )
    flags.add_claims(parser)
    flags.add_output(parser, ("text", "json", "terraform"))
    flags.add_debug(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    spec = registry.load(args.name)
    config = find_config(args)
    claims = _claims(args, config)
    settings = settings_of(args, config, spec, os.environ)
    documents = dict(_form(spec, args.output)(claims, settings))
    if args.role:
        if args.role not in documents:
            raise UsageError(f"{args.name} has no {args.role} document: {', '.join(documents)}")
        documents = {args.role: documents[args.role]}
    if args.output == "json":
        permissions = [
            {"action": one.action, "method": one.method, "why": one.why, "write": one.write}
            for one in spec.permissions(claims)
        ]
        print_document(document("policy", policies=documents, permissions=permissions, exit_code=0))
        return 0
    for role, text in documents.items():
        # A single document comes out bare, ready for a file or a pipe.
        show(text if args.role else f"# {role}\n{text}")
    return 0


def _form(spec: ProviderSpec, output: str) -> Callable[[Sequence[Claim], Any], Mapping[str, str]]:
    if output != "terraform":
        return spec.policy
    if spec.terraform is None:
        raise UsageError(
            f"{spec.name} has no Terraform form of its policies: take the document, without --output"
        )
    return spec.terraform


def _claims(args: Namespace, config: Config) -> tuple[Claim, ...]:
    if has_claims(args):
        return tuple(claim for _, claim in claims_of(args))
    if args.instance:
        return choose(config, args.instance, args.name).claims
    found = [one for one in config.instances.values() if one.provider == args.name]
    claims = tuple(claim for instance in found for claim in instance.claims)
    if not claims:
        raise ConfigError(
            f"{config.path}: no claims of provider {args.name}; name some by flags: --public-ip "
            "ADDRESS, --route TABLE=NETWORK, --forwarding-rule NAME"
        )
    return claims
