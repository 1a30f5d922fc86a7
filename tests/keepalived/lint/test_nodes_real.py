"""What is found in the files of two nodes is what two real keepalived do with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pytest
from cloudfail.clock import Deadline, SystemClock
from cloudfail.keepalived.lint.rules.nodes import RULES
from cloudfail.keepalived.lint.rules.nodes.example import PAIR, node
from cloudfail.keepalived.version import Version, installed_version

from keepalived.lint.nodes_real import Outcome, outcomes, running
from keepalived.wire.nodes import need

pytestmark = pytest.mark.netns

BY_CODE = {rule.code: rule for rule in RULES}
_FREE_VIPS = Version(2, 3, 3)
_REACTION = 6.0  # of what fails, after three intervals and a skew of 0.6 s
_MOST = 60.0  # on a busy machine
_MAINTENANCE = "/run/maintenance"


@dataclass(frozen=True)
class Expected:
    """How many masters, what is logged, and which of them the states are, where that matters."""

    masters: int
    log: str = ""
    states: tuple[str, ...] = ()

    def fits(self, outcome: Outcome) -> bool:
        return (
            outcome.masters == self.masters
            and re.search(self.log, outcome.log) is not None
            and self.states in ((), outcome.states)
        )


TWO = Expected(2)
EXPECTED = {
    "KA101": TWO,
    "KA102": Expected(2, r"wrong version. Received 2 and expect 3"),
    "KA103": TWO,
    "KA104": Expected(2, r"advertisement interval mismatch mine=2 sec rcv'd=1 sec"),
    "KA105": Expected(1, r"advertisement interval updated from 2000ms to 1000ms by master"),
    "KA106": Expected(2, r"received an unexpected ip number count 1, expected 2!"),
    "KA108": Expected(1),
    "KA109": Expected(2, r"received a 0 auth, expecting 1!"),
    "KA110": Expected(2, r"received an invalid passwd!"),
    "KA115": Expected(2, r"unicast source address 10.0.0.1 not a unicast peer"),
    "KA116": Expected(2, r"equal priority advert received from remote host with our IP address"),
    "KA117": Expected(2, r"unicast source address 10.0.0.2 not a unicast peer"),
    "KA118": Expected(1, r"bind unicast_src 10.0.0.1 failed 99", ("MASTER", "FAULT")),
    "KA119": TWO,
    "KA120": TWO,
    "KA122": Expected(2, r"TTL/HL 64 not in range 255 - 255"),
    "KA128": Expected(1, "", ("MASTER", "BACKUP")),
    "KA130": Expected(1, "", ("BACKUP", "MASTER")),
    "KA131": Expected(1, r"effective priority from 150 to 130", ("MASTER", "BACKUP")),
    "KA132": Expected(1, r"effective priority from 150 to 50", ("MASTER", "BACKUP")),
    "KA137": Expected(1),
    "KA138": Expected(1),
}
# What a rule says of a second form of its mistake.
MORE: Mapping[str, tuple[tuple[str, ...], Expected]] = {
    "a fits b": (PAIR, Expected(1, "", ("MASTER", "BACKUP"))),
    "AH beside PASS": (
        tuple(
            node(n, vrrp_version="2", authentication=(f"auth_type {kind}", "auth_pass s3cr3t78"))
            for n, kind in ((1, "PASS"), (2, "AH"))
        ),
        TWO,
    ),
    "another member": (
        (PAIR[0], node(2, virtual_ipaddress=("10.0.0.101/32",))),
        Expected(2, r"ip address associated with VRID 51 not present in MASTER advert: 10.0.0.100"),
    ),
    "multicast beside unicast": (
        (node(1, unicast_src_ip=None, unicast_peer=None), PAIR[1]),
        TWO,
    ),
    "the better node lacks the peer, without a check": (
        (
            node(1, vrrp_check_unicast_src=None, unicast_peer=("10.0.0.3",)),
            node(2, vrrp_check_unicast_src=None),
        ),
        TWO,
    ),
    "a weight that moves the role": (
        BY_CODE["KA132"].repairs,
        Expected(1, r"effective priority from 150 to 50", ("BACKUP", "MASTER")),
    ),
    "a weight down to the other's priority": (
        tuple(t.replace("-20", "-50") for t in BY_CODE["KA131"].examples),
        Expected(1, r"effective priority from 150 to 100", ("MASTER", "BACKUP")),
    ),
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Outcome]]:
    """All pairs at once: first they elect, then what they check fails."""
    need("keepalived", "ip", "unshare", "nsenter")
    home = tmp_path_factory.mktemp("pairs")
    pairs = {code: BY_CODE[code].examples for code in EXPECTED}
    pairs |= {name.replace(" ", "-"): texts for name, (texts, _) in MORE.items()}
    failing = home / "maintenance"
    texts = {
        name: tuple(text.replace(_MAINTENANCE, str(failing)) for text in pair)
        for name, pair in pairs.items()
    }
    expected = {**EXPECTED, **{n.replace(" ", "-"): one for n, (_, one) in MORE.items()}}
    with running(texts, home) as logs:
        _until(lambda: all(one.masters for one in outcomes(logs).values()))
        failing.touch()
        SystemClock().sleep(_REACTION)
        _until(lambda: all(expected[n].fits(one) for n, one in outcomes(logs).items()))
        yield outcomes(logs)


def _until(question: Callable[[], bool]) -> None:
    """Wait for a slow machine; what does not come in time fails in its own test."""
    clock = SystemClock()
    deadline = Deadline.after(clock, _MOST)
    while not question() and deadline.left():
        clock.sleep(0.1)


@pytest.mark.parametrize("code", EXPECTED)
def test_keepalived_does_what_the_rule_says(ran: Mapping[str, Outcome], code: str) -> None:
    version = installed_version()
    if code == "KA106" and version is not None and version >= _FREE_VIPS:
        pytest.skip(f"keepalived {version} only logs it")
    assert EXPECTED[code].fits(ran[code]), ran[code]


@pytest.mark.parametrize("name", MORE)
def test_keepalived_does_what_the_rule_says_of_other_forms(
    ran: Mapping[str, Outcome], name: str
) -> None:
    outcome = ran[name.replace(" ", "-")]
    assert MORE[name][1].fits(outcome), outcome


def test_every_error_is_confirmed_but_for_what_this_keepalived_has_not() -> None:
    errors = {rule.code for rule in RULES if rule.severity.value == "error"}
    assert errors - set(EXPECTED) == {"KA111"}  # auth_hmac came with 2.4.0
