"""For which machine a file was generated."""

from __future__ import annotations

import re
from collections.abc import Collection

from cloudfail.keepalived.addresses import parse_address
from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.origin import GENERATED
from cloudfail.model import Address

_GENERATED = re.compile(re.escape(GENERATED) + r"(?P<name>.+?) at (?P<at>[0-9A-Fa-f.:]+),.*")


def is_for_another(conf: NodeConf, local: Collection[Address]) -> bool:
    """Whether cloudfail generated the file for a node whose address this machine does not have.

    A file that people wrote is taken for this machine's.
    """
    first = next((one for one in conf.tree.comments if one.place.file == conf.file), None)
    match = _GENERATED.fullmatch(first.text) if first is not None else None
    address = parse_address(match["at"]) if match else None
    return address is not None and address not in local
