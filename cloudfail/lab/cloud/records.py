"""What the embedded cloud tells about itself: who held what when, and who called what."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Change(msgspec.Struct, frozen=True):
    """A target got another holder. `t` is CLOCK_MONOTONIC in seconds, the same for all processes.

    `kind` is a claim's; `target` an address, or the id of what it belongs to, a space, and an
    address or destination: "rtb-... DESTINATION".
    `holder` is an interface id, a gateway's id, or "" for nobody; `node` is the holder's name in
    the world, or "". Where several share the traffic both have commas. `number` counts from 1:
    pass the last one seen as `since`.
    """

    t: float
    kind: str
    target: str
    holder: str
    node: str
    number: int = 0


class Call(msgspec.Struct, frozen=True):
    """One API request as the cloud saw it.

    `t` is when it arrived, `seconds` how long its answer took. A `status` of 0: the connection was
    reset. `mutating` is False for a DryRun. `source` is the caller's address,
    `principal` the ARN behind its credentials.
    """

    t: float
    operation: str
    mutating: bool
    status: int
    seconds: float
    params: Mapping[str, str]
    source: str = ""
    code: str = ""
    request_id: str = ""
    number: int = 0
    service: str = "ec2"
    principal: str = ""
