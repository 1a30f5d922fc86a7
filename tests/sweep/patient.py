"""`cloudfail`, whose calls wait longer for a cloud than they do: a gate holds them, and slow peers."""

from __future__ import annotations

import importlib
import sys

SECONDS = 60.0
# Where each provider has its limits of time.
LIMITS = {
    "cloudfail_aws.sdk": ("CONNECT_SECONDS", "READ_SECONDS"),
    "cloudfail_azure.credentials": ("CONNECT_SECONDS", "READ_SECONDS"),
    "cloudfail_azure.sdk": ("CONNECT_SECONDS", "READ_SECONDS"),
    "cloudfail_gcp.credentials": ("TOKEN_SECONDS",),
}


def be_patient(provider: str) -> None:
    for module, names in LIMITS.items():
        if module.startswith(f"cloudfail_{provider}."):
            for name in names:
                setattr(importlib.import_module(module), name, SECONDS)
    metadata = importlib.import_module(f"cloudfail_{provider}.metadata").Metadata
    metadata.__init__.__defaults__ = ("", SECONDS)
    if provider == "gcp":
        importlib.import_module("cloudfail_gcp.api").Api.call.__kwdefaults__["timeout"] = SECONDS


if __name__ == "__main__":
    from cloudfail.cli.main import entry

    be_patient(sys.argv.pop(1))
    entry()
