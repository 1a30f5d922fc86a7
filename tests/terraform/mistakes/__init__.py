"""Right configurations of each provider, and the mistakes that a schema has to catch in them."""

from __future__ import annotations

from terraform.mistakes import aws, azurerm, google
from terraform.mistakes.mistake import Mistake

RIGHT = {"aws": aws.RIGHT, "google": google.RIGHT, "azurerm": azurerm.RIGHT}
MISTAKES = {"aws": aws.MISTAKES, "google": google.MISTAKES, "azurerm": azurerm.MISTAKES}


def made(provider: str, mistake: Mistake) -> str:
    """The right configuration with the mistake in it."""
    right = RIGHT[provider]
    if mistake.before not in right:
        raise LookupError(f"{provider}: {mistake.name}: no {mistake.before!r} to be wrong with")
    return right.replace(mistake.before, mistake.after)
