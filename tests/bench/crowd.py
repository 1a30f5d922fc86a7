"""Many instances in one agent, and many claims in one instance: when each call arrives."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest import mock

import msgspec
from cloudfail.lab.cloud.aws.corrections import private_ips
from cloudfail.lab.cloud.records import Call

from bench import many
from bench.many import Batch
from bench.resident import Owned, Resident
from bench.scene import MASTER
from bench.stage import Stage

INSTANCES = 20
CLAIMS = 100
# keepalived's word is believed for an interval without an advert, of which there are none here.
ADVERT_INT = 40
NAMES = [f"i{number}" for number in range(INSTANCES)]


class Started(msgspec.Struct, frozen=True):
    """Milliseconds from the lines in the FIFO to the first instance's call, and the last one's."""

    first: float
    last: float

    @property
    def spread(self) -> float:
        return self.last - self.first


def instances() -> list[Owned]:
    """Each owns one public address, on a private address of its own."""
    seats = many.addresses(2, INSTANCES)
    return [
        Owned(name, 51 + number, _public(number, "" if number == 0 else seats[number]))
        for number, name in enumerate(NAMES)
    ]


@contextmanager
def roomy() -> Iterator[None]:
    """EC2 gives an interface fifty addresses at most: here it gives as many as are asked for."""
    with mock.patch.object(private_ips, "limit_of", return_value=1000):
        yield


def one_instance(stage: Stage, count: int) -> list[Owned]:
    """It owns `count` public addresses and as many routes."""
    seats = many.addresses(2, count)
    claims = "".join(_public(n, seats[n] if n else "") for n in range(count))
    tables = msgspec.json.encode(list(stage.built.tables.values())).decode()
    claims += "".join(
        f'[[instance.NAME.claim]]\nkind = "route"\ndestination = "{net}"\ntables = {tables}\n'
        for net in many.networks(count)
    )
    return [Owned("edge", 51, claims, f"advert_int = {ADVERT_INT}\n")]


def _public(number: int, seat: str) -> str:
    text = f'[[instance.NAME.claim]]\nkind = "public-ip"\naddress = "{many.public(number)}"\n'
    return f'{text}private_address = "{seat}"\n' if seat else text


def start_all(stage: Stage, agent: Resident) -> Started:
    """Make every instance MASTER in one moment."""
    give_back(stage, INSTANCES)
    agent.stand_by(NAMES)
    since = agent.seen()
    told = agent.say("MASTER", NAMES)
    time.sleep(0.2)
    agent.until(lambda: len(agent.writes(since)) >= INSTANCES, "write for each instance")
    agent.until_ended(INSTANCES)
    calls = agent.writes(since)[:INSTANCES]
    return Started((calls[0].t - told) * 1000, (calls[-1].t - told) * 1000)


def take_all(agent: Resident, count: int) -> Batch:
    """Make the one instance MASTER, and wait until it holds everything."""
    agent.stand_by()
    since = agent.seen()
    told = agent.say("MASTER")
    agent.until(lambda: len(agent.writes(since)) >= 2 * count, "write for each claim", 0.1)
    agent.until_ended()
    calls = agent.calls(since)
    last = max(call.t + call.seconds for call in calls)
    return _batch(calls, (last - told) * 1000)


def _batch(calls: Sequence[Call], wall: float) -> Batch:
    writes = Counter(call.operation for call in calls if call.mutating)
    after = len(calls) - writes.total()
    return Batch(
        wall_ms=wall,
        process_ms=wall,
        reads=after,
        writes=writes,
        phases=(writes.total(), after),
    )


def give_back(stage: Stage, count: int) -> None:
    """Let the master have every public address on its own private one, past the call log."""
    for number, seat in enumerate(many.addresses(1, count)):
        stage.cloud.api.lab_call(
            "AssociateAddress",
            {
                "AllocationId": stage.built.public_ips[many.public(number)],
                "NetworkInterfaceId": stage.built.nodes[MASTER].interface_id,
                "PrivateIpAddress": seat,
                "AllowReassociation": "true",
            },
        )
