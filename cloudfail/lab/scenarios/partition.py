"""The nodes cannot hear each other, or one cannot hear anybody."""

from __future__ import annotations

from cloudfail.lab.scenario import Scenario
from cloudfail.lab.stage import Stage

_FLAPS = 3
_ONE_WAY = 12  # intervals
_MOST_MOVES = 6


def cut_link(stage: Stage) -> None:
    stage.start()
    stage.fault("the link of a is cut", "a")
    stage.site.link("a", up=False)
    stage.require_master("b")
    stage.require_holder("b")
    stage.calm()
    stage.note("the link of a is back", "a")
    stage.site.link("a", up=True)
    stage.require_backup("a")
    stage.expect(stage.holder == "b", "the address left b, which is still the master")


def partition_heal(stage: Stage) -> None:
    """Who advertises first after the heal decides whether keepalived tells the survivor at all."""
    stage.start()
    for first in ("b", "a"):
        stage.note("a and b no longer hear each other; both still reach the cloud")
        stage.site.part("a", "b")
        stage.require_master("b")
        stage.require_holder("b")
        stage.calm()
        stage.pause(stage.interval)  # the second master's adverts settle into their rhythm
        stage.site.join("a", "b", first=first)
        stage.fault(f"they hear each other again, {first}'s advert first")
        stage.require_backup("b")
        stage.expect_first_advert(first)
        stage.require_holder("a")
        stage.calm()


def flap(stage: Stage) -> None:
    stage.start()
    stage.fault("b loses sight of a again and again")
    for _ in range(_FLAPS):
        stage.site.part("a", "b")
        stage.require_master("b")
        stage.site.join("a", "b")
        stage.require_backup("b")
    stage.require_holder("a")


def one_way(stage: Stage) -> None:
    """One node hears nobody and masters; a hears b, and is told once an interval that it still masters.

    Neither can end that. The address is a's, which outranks b, but b is not to know.
    """
    stage.start()
    stage.fault("what a sends no longer reaches b; what b sends reaches a")
    stage.site.part("a", "b", one_way=True)
    stage.require_master("b")
    stage.pause(_ONE_WAY * stage.interval + stage.watch)
    moves = len(stage.writes) // len(stage.move)
    stage.expect(moves <= _MOST_MOVES, f"{moves} moves: the nodes fight over the address")
    stage.site.join("a", "b")
    stage.fault("they hear each other again")
    stage.require_backup("b")
    stage.require_holder("a")


CUT_LINK = Scenario("cut-link", "The master loses its link, and gets it back.", cut_link)
PARTITION_HEAL = Scenario(
    "partition-heal", "Two masters, then one; either side's advert first.", partition_heal
)
FLAP = Scenario("flap", "Roles change faster than the cloud can follow.", flap)
ONE_WAY = Scenario("one-way", "One node hears the other, and is not heard.", one_way)
