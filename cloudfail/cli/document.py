"""The JSON that scripts read: one document a command, its shape is API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cloudfail.cli.output import show
from cloudfail.errors import CloudfailError
from cloudfail.model import Claim, Finding, Holding

SCHEMA_VERSION = 1


def document(command: str, *, changed: bool = False, **fields: Any) -> dict[str, Any]:
    """Return a document: `schema_version`, `command` and `changed` come first, always."""
    return {"schema_version": SCHEMA_VERSION, "command": command, "changed": changed, **fields}


def error_document(command: str, error: CloudfailError, **fields: Any) -> dict[str, Any]:
    """Return the document of a command that ended with an error before it had a result."""
    return document(command, **fields, error=error_value(error), exit_code=error.exit_code)


def print_document(value: Mapping[str, Any]) -> None:
    show(json.dumps(value, indent=2, default=str))


def error_value(error: CloudfailError) -> dict[str, Any]:
    """Return what went wrong: the class, the sentence, and the cloud's own words for it."""
    return {
        "type": type(error).__name__.removesuffix("Error").lower(),
        "message": str(error),
        "code": getattr(error, "code", ""),
        "request_id": getattr(error, "request_id", ""),
        "permission": getattr(error, "permission", ""),
        "exit_code": error.exit_code,
    }


def claim_value(claim: Claim) -> dict[str, str]:
    return {"claim": str(claim), "kind": claim.kind, "target": claim.target}


def holding_value(holding: Holding, name: str) -> dict[str, Any]:
    """Return a holding; `name` is that of the node that has it."""
    return {
        **claim_value(holding.claim),
        "owner": holding.owner.value,
        "holder": holding.holder,
        "holder_name": name,
        "obstacle": holding.obstacle,
        "reason": holding.reason,
    }


def finding_value(finding: Finding) -> dict[str, str]:
    return {
        "severity": finding.severity.value,
        "subject": finding.subject,
        "message": finding.message,
        "remedy": finding.remedy,
    }
