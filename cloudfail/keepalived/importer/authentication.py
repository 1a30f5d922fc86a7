"""auth_type and auth_pass: the kind goes into the toml, the secret nowhere but a file of its own."""

from __future__ import annotations

from msgspec import Struct

from cloudfail.keepalived.importer import values
from cloudfail.keepalived.importer.note import Ledger, UnfitError
from cloudfail.keepalived.importer.section import Found, Section
from cloudfail.keepalived.syntax import Statement

DIRECTORY = "/etc/cloudfail"
_LONGEST = 8
_UNREADABLE = frozenset("\"'\\$~ ")


class Secret(Struct, frozen=True):
    """`value` is shown by no repr. `problem` says why the generator will not take it."""

    value: str
    problem: str = ""

    def __repr__(self) -> str:
        return "Secret(********)"


class Authentication(Struct, frozen=True):
    """`file` is where the secret is already; then `secret` is None."""

    type: str
    secret: Secret | None = None
    file: str = ""


def read_authentication(block: Statement, section: Section) -> None:
    """Put an Authentication under "authentication", unless it is incomplete."""
    ledger = section.ledger
    kind, secret = block.first("auth_type"), block.first("auth_pass")
    if kind is None or secret is None or kind.value not in {"PASS", "AH"} or not secret.value:
        ledger.leave_out(block, "it needs an auth_type, PASS or AH, and an auth_pass")
        return
    section.put("authentication", Authentication(kind.value, _secret(secret.value)), block)
    ledger.carry(kind, secret)


def read_hmac(block: Statement, section: Section) -> None:
    """Put an Authentication by hmac, of the one form that the toml has: one key, in a file."""
    ledger, lines = section.ledger, block.children or ()
    keys = [line for line in lines if line.keyword == "key"]
    words = keys[0].args if len(keys) == 1 else ()
    active = block.first("active_key")
    is_ours = words[:1] == ("1",) and words[1:2] and words[1].startswith("file:/")
    try:
        path = values.fit(words[1].removeprefix("file:") if is_ours else "", "path")
    except UnfitError:
        ledger.leave_out(block, "the toml has one key, with the id 1, in a file: key 1 file:/...")
        return
    section.put("authentication", Authentication("hmac", file=path), block)
    ledger.carry(keys[0])
    if active is not None and active.value == "1":
        ledger.carry(active)
    ledger.sweep(lines, "the toml has no word for it")


def say_of(found: Found, ledger: Ledger) -> None:
    """Note what becomes of an `authentication` block that is taken over."""
    for line in found.statement.children or ():
        if line.keyword == "auth_pass":
            ledger.change(line, _why(line.value))
        elif line.keyword == "auth_type" and line.value == "AH":
            ledger.change(line, "AH loses adverts after a partition: prefer PASS or none")


def _secret(text: str) -> Secret:
    kept = text[:_LONGEST]
    odd = not (kept.isascii() and kept.isprintable()) or set(kept) & _UNREADABLE
    return Secret(
        kept, "it holds a quote, a blank, $, ~ or \\, which the generator refuses" if odd else ""
    )


def _why(text: str) -> str:
    cut = f", its first {_LONGEST} characters, which are all that counts"
    return "the secret goes into a file of its own" + (cut if len(text) > _LONGEST else "")
