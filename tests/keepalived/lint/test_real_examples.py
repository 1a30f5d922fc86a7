"""`keepalived -t` of the examples: what it says of them, and does not say when repaired."""

from __future__ import annotations

import re

import pytest
from cloudfail.keepalived.lint.rules import BY_CODE

from keepalived.lint.real import NEEDS_KEEPALIVED, SECURE, Said, check_all, whole

pytestmark = [pytest.mark.keepalived, NEEDS_KEEPALIVED]
BARE = """vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority 100
  unicast_src_ip 10.99.0.11
  unicast_peer {
    10.99.0.12/24
  }
}
"""
ALL_OF = BARE.replace("  priority", "  virtual_ipaddress {\n    %s\n  }\n  priority")
_ONE = BARE.replace("  priority", "  virtual_ipaddress {\n    10.99.0.100\n  }\n  priority")
GROUPED = (
    _ONE.replace("  priority", "  track_interface {\n    %s\n  }\n  priority")
    + _ONE.replace("VI_1", "VI_2").replace("51", "52")
    + "vrrp_sync_group G {\n  group {\n    VI_1\n    VI_2\n  }\n}\n"
)
# By code: the exit code of `-t` (2.2.7), and its words.
TESTED = {
    "KA002": (5, r"without any unicast peers\. Defaulting to multicast"),
    "KA004": (5, r"malformed unicast peer address\[node-b\]\. Skipping"),
    "KA005": (5, r"MUST be of the same family !!! Skipping"),
    "KA012": (5, r"nopreempt will not work with initial state MASTER - clearing"),
    "KA015": (5, r"Priority not valid! must be between 1 & 255\. Using default 100"),
    "KA016": (5, r"the virtual router id must be set"),
    "KA017": (5, r"duplicate VRID conflict"),
    "KA018": (5, r"vrrp instance VI_1 already defined"),
    "KA020": (5, r"unknown state 'PRIMARY', defaulting to BACKUP"),
    "KA021": (5, r"preempt_delay is incompatible with nopreempt mode - resetting"),
    "KA022": (5, r"interval 0\.500000s must be an integer\. rounding"),
    "KA023": (5, r"interval 60\.00s is out of range"),
    "KA034": (5, r"address family must match VRRP instance .* - ignoring"),
    "KA037": (5, r"parsed invalid IP vip\.example\.net\. skipping IP"),
    "KA041": (5, r"unicast with use_vmac requires vmac_xmit_base - setting"),
    "KA042": (5, r"vmac_xmit_base is only valid with a vmac"),
    "KA046": (5, r"Truncating auth_pass to 8 characters"),
    "KA050": (5, r"VRRP version 3 does not support authentication\. Ignoring"),
    "KA051": (5, r"Unknown keyword 'auth_hmac'"),
    "KA058": (5, r"vrrp_garp_master_repeat must be greater than 0, setting to 1"),
    "KA060": (5, r"Version must be either 2 or 3"),
    "KA074": (5, r"String '/usr/bin/logger 'it is': missing terminating '"),
    "KA081": (6, r"track script web not found, ignoring"),
    "KA083": (5, r"Virtual router VI_2 specified in sync group G doesn't exist - ignoring"),
    "KA086": (5, r"No script set for vrrp_script web - removing"),
    "KA087": (5, r"Ignoring track_interface eth0 since own interface"),
    "KA091": (5, r"Unknown keyword 'unicast_source_ip'"),
    "KA092": (5, r"Unknown keyword 'no_virtual_ipaddress'"),
    "KA093": (5, r"Unexpected '\{' - ignoring"),
    "KA094": (5, r"Unknown configuration entry 'device' for ip address - ignoring"),
    "KA096": (5, r"Invalid value for vrrp_higher_prio_send_advert specified"),
    "KA098": (5, r"vrrp script interval '0\.5' must be between 1 and 4294 - ignoring"),
    "KA097": (2, r"is missing a parameter after keyword `priority`"),
    "KA901": (5, r"missing '\}'s"),
    "KA902": (5, r"Unterminated quote"),
    "KA903": (0, r"Config files missing '/nonexistent/instance\.conf'"),
    "KA904": (5, r"Unexpected '\{' - ignoring"),
    "KA905": (5, r"Invalid ~SEQ specification"),
    "KA906": (5, r"Unknown keyword '\N{ZERO WIDTH NO-BREAK SPACE}global_defs'"),
    "KA907": (5, r"Unknown keyword 'a{50,}'"),
}
# `-t` finds nothing here, though keepalived does something else than is written.
SILENT = (
    *("KA003", "KA009", "KA010", "KA035", "KA052", "KA066", "KA072", "KA073", "KA075", "KA077"),
    *("KA038", "KA085", "KA095"),
)


# More of what `-t` says: a text that `whole` does not complete, the code, the words.
MORE = {
    "no-interface": ("vrrp_instance V {\n  virtual_router_id 51\n}\n", 5, r"Unknown interface!"),
    "lo": (BARE.replace("eth0", "lo"), 5, r"cannot use a loopback interface \(lo\) for vrrp"),
    "no-address": (BARE, 5, r"No VIP specified; at least one is sensible"),
    "peer-and-prefix": (
        ALL_OF % "10.99.0.100/24 peer 10.99.0.5",
        5,
        r"Cannot specify address prefix when specifying peer address - ignoring",
    ),
    "long-prefix": (ALL_OF % "10.99.0.100/33", 5, r"Invalid address prefix len 33 .* - using 32"),
    "no-prefix": (
        ALL_OF % "10.99.0.100/255.255.255.0",
        5,
        r"prefix len 255\.255\.255\.0 .* using 32",
    ),
    "dev-first": (ALL_OF % "dev eth0 10.99.0.100", 5, r"parsed invalid IP dev\. skipping"),
    "weight-in-group": (GROUPED % "p0 weight -60", 5, r"ignoring p0 .* weight due to SYNC group"),
    "no-weight-in-group": (GROUPED % "p0", 0, r""),
    "no-security": (BARE + 'vrrp_script s {\n  script "/bin/true"\n}\n', 6, r"SECURITY VIOLATION"),
    "no-name": (BARE.replace("10.99.0.11", "node-a"), 5, r"malformed src address\[node-a\]"),
    "delay-0": (BARE.replace("  p", "  nopreempt\n  preempt_delay 0\n  p"), 5, r"^(?!.*preempt)"),
}


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Said]:
    texts = {}
    for code in (*TESTED, *SILENT):
        rule = BY_CODE[code]
        texts[code] = _secured(whole(rule.examples[0]), code)
        texts[f"{code}-repaired"] = _secured(whole(rule.repairs[0]), code)
    texts |= {name: text for name, (text, *_) in MORE.items()}
    return check_all(texts, tmp_path_factory.mktemp("tested"))


def _secured(text: str, code: str) -> str:
    """With script_security, so that its absence is not what is found."""
    return SECURE + text if code in SILENT and "global_defs" not in text else text


@pytest.mark.parametrize("code", TESTED)
def test_keepalived_refuses_the_example_and_not_what_is_repaired(
    tested: dict[str, Said], code: str
) -> None:
    exit_code, words = TESTED[code]
    assert re.search(words, tested[code].log), tested[code].log
    assert tested[code].code == exit_code
    assert not re.search(words, tested[f"{code}-repaired"].log)


@pytest.mark.parametrize("name", MORE)
def test_keepalived_says_more(tested: dict[str, Said], name: str) -> None:
    _, code, words = MORE[name]
    assert tested[name].code == code, tested[name].log
    assert re.search(words, tested[name].log, re.DOTALL), tested[name].log
    assert "10.99.0.12/24" not in tested[name].log, "a peer may have a prefix"


@pytest.mark.parametrize("code", SILENT)
def test_keepalived_itself_says_nothing(tested: dict[str, Said], code: str) -> None:
    assert tested[code].code == 0, tested[code].log
    assert re.fullmatch(r"(Opening file .*\n?)*", tested[code].log)
