"""The other instances of a `vrrp_sync_group`, whose adverts nobody tells when a partition heals.

The loser's first instance that hears a better advert takes its whole group to BACKUP, and only for
that one does it answer: of the survivor's instances one alone is told of a lower advert (measured
with 2.2.7). So whoever is told looks for all.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from cloudfail.cli import messages
from cloudfail.cli.claims import has_claims
from cloudfail.cli.promotion import run_promotion
from cloudfail.cli.result import summary_of
from cloudfail.cli.stop import Stopper
from cloudfail.cli.target import find_target
from cloudfail.config import Config
from cloudfail.errors import CloudfailError
from cloudfail.outcome import Order
from cloudfail.role import Event, Role, RoleStore, default_directory


def look_for_mates(
    args: Namespace, config: Config, instance: str, stopper: Stopper, order: Order
) -> bool:
    """Promote every other instance of this one's group that is master here, one by one.

    What goes wrong with one is said and logged, and stops no other. True when a call of somebody
    else's was under way for one of them.
    """
    is_moving = False
    if has_claims(args):
        return is_moving  # flags name what one instance is to own
    for name in _masters_beside(config, instance):
        if stopper.stopped:
            return is_moving
        try:
            mate = find_target(Namespace(**{**vars(args), "instance": name}))
            event = Event.of_this_process(name, Role.MASTER)
            ended = run_promotion(mate, event, stopper, order)
        except CloudfailError as error:
            messages.say(f"{name}: {error}")
            continue
        is_moving = is_moving or ended.is_moving
        for result in ended.outcome.results if ended.outcome else ():
            if result.error:
                messages.say(f"{name}: {result.error}")
        messages.fact("summary", instance=name, run=ended.run_id, text=summary_of(mate, ended))
    return is_moving


def _masters_beside(config: Config, instance: str) -> Iterator[str]:
    store = RoleStore(default_directory())
    for name in config.keepalived.mates_of(instance):
        recorded = store.current(name)
        has_claims_too = name in config.instances and config.instances[name].claims
        if has_claims_too and recorded and recorded.role is Role.MASTER:
            yield name
