"""How often each thing is measured: what is quick to run by default, what the issue asks for by flag."""

from __future__ import annotations

import argparse

import msgspec


class Counts(msgspec.Struct, frozen=True):
    """`rounds` is for everything that has no count of its own; `idle` is in seconds."""

    rounds: int = 11
    transitions: int = 200
    growth: int = 2000
    kills: int = 20
    idle: float = 60.0


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add a flag for each."""
    default = Counts()
    for name, what in (
        ("rounds", "rounds of what has no count of its own"),
        ("transitions", "FIFO lines that lead to a call"),
        ("growth", "transitions over which the agent's memory must not grow"),
        ("kills", "masters killed at each advert interval"),
    ):
        value = getattr(default, name)
        text = f"{what}; default: {value}"
        parser.add_argument(f"--{name}", type=int, default=value, metavar="N", help=text)
    text = f"for how long the idle agent is watched; default: {default.idle:.0f}"
    parser.add_argument("--idle", type=float, default=default.idle, metavar="SECONDS", help=text)


def counts_of(options: argparse.Namespace) -> Counts:
    return Counts(**{name: getattr(options, name) for name in Counts.__struct_fields__})
