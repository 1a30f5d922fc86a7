"""Real keepalived confirms the examples: what it says of them, and does not say when repaired."""

from __future__ import annotations

import re

import pytest
from cloudfail.keepalived.lint.rules import BY_CODE

from keepalived.lint.real import NEEDS_KEEPALIVED, Said, check_all, run_all, whole

pytestmark = [pytest.mark.netns, NEEDS_KEEPALIVED]
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
SECURE = "global_defs {\n  enable_script_security\n  script_user root\n}\n"
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
    *("KA085", "KA095"),
)


# More of what `-t` says: a text that `whole` does not complete, the code, the words.
MORE = {
    "no-interface": ("vrrp_instance V {\n  virtual_router_id 51\n}\n", 5, r"Unknown interface!"),
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


# What a running keepalived logs or does, in six seconds.
MASTER = "  state MASTER\n  priority 255\n"
ALONE = "vrrp_instance VI_1 {\n" + MASTER + "  virtual_ipaddress {\n    %s\n  }\n}\n"
CASES = {
    "own-peer": BY_CODE["KA003"].examples[0],
    "multicast": BY_CODE["KA001"].examples[0],
    "unicast": BY_CODE["KA001"].repairs[0],
    "faulty": BY_CODE["KA002"].examples[0].replace("{\n  u", "{\n  unicast_fault_no_peer\n  u", 1),
    "no-vrid": BY_CODE["KA016"].examples[0],
    "no-vrid-of-two": BY_CODE["KA016"].examples[0] + "vrrp_instance VI_2 {\n}\n",
    "no-source": ALONE % "fd00::100/128",
    "no-interface": BY_CODE["KA019"].examples[0],
    "empty-v3": BY_CODE["KA035"].examples[0],
    "user": SECURE + BY_CODE["KA073"].examples[0],
    "dropped-words": SECURE
    + 'vrrp_script web {\n  script /bin/sh -c "exit 7"\n  interval 1\n}\n'
    + "vrrp_instance VI_1 {\n  track_script {\n    web\n  }\n}\n",
    "user-below": 'vrrp_instance VI_1 {\n  notify_backup "/usr/bin/touch uid-below"\n}\n' + SECURE,
    "no-user": "global_defs {\n  enable_script_security\n}\n" + BY_CODE["KA072"].examples[0],
    "searched": SECURE + 'vrrp_instance VI_1 {\n  notify_backup "true"\n}\n',
    "literal": SECURE + 'vrrp_instance VI_1 {\n  notify_backup "/bin/touch one > two"\n}\n',
    "file-test": SECURE
    + BY_CODE["KA077"].examples[0].replace("}", "  interval 1\n}")
    + "vrrp_instance VI_1 {\n  track_script {\n    web\n  }\n}\n",
    "strict": "global_defs {\n  vrrp_strict false\n}\n" + BY_CODE["KA001"].repairs[0],
    "deprecated": ALONE % "fd00::100/128",
    "preferred": ALONE % "fd00::100/128 preferred_lft forever",
    "hijack": (ALONE % "10.99.0.100/24").replace(MASTER, MASTER + "  use_vmac\n  vmac_xmit_base\n"),
    "host": (ALONE % "10.99.0.100/32").replace(MASTER, MASTER + "  use_vmac\n  vmac_xmit_base\n"),
    "garp": ALONE % "10.99.0.100/32",
    "min-garp": "global_defs {\n  vrrp_min_garp true\n}\n" + ALONE % "10.99.0.100/32",
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Said]:
    place = tmp_path_factory.mktemp("ran")
    texts = {name: whole(text) for name, text in CASES.items()}
    texts["multicast"] = _without("unicast_src_ip", _without("unicast_peer", texts["multicast"]))
    texts["no-source"] = _without("unicast_src_ip", texts["no-source"])
    texts["no-interface"] = _without("interface", texts["no-interface"])
    texts["empty-v3"] = _without("virtual_ipaddress", texts["empty-v3"])
    found = run_all(texts, place, 6)
    found["files"] = Said(0, " ".join(sorted(path.name for path in place.iterdir())))
    return found


def _without(keyword: str, text: str) -> str:
    changed = re.sub(rf"(?m)^  {keyword} (\{{\n.*\n  \}}|\S+)\n", "", text)
    assert changed != text
    return changed


def test_a_node_that_is_its_own_peer_hears_itself(ran: dict[str, Said]) -> None:
    assert (
        "equal priority advert received from remote host with our IP address" in ran["own-peer"].log
    )


def test_without_peers_adverts_are_multicast(ran: dict[str, Said]) -> None:
    assert "multicast, address(224.0.0.18)" in ran["multicast"].log
    assert ", unicast, address(10.99.0.11)" in ran["unicast"].log
    assert "without any peers - going to fault state" in ran["faulty"].log


@pytest.mark.parametrize("name", ["no-vrid", "no-interface", "no-vrid-of-two"])
def test_an_instance_that_cannot_be_used_ends_keepalived(ran: dict[str, Said], name: str) -> None:
    """`-t` calls it a configuration error (5); the service does not start."""
    assert ran[name].code == 2
    assert "exited with permanent error CONFIG. Terminating" in ran[name].log
    assert ran["unicast"].code == 124, "timeout ended it"


def test_ipv6_without_a_source_is_a_fault(ran: dict[str, Said]) -> None:
    assert re.search(r"bind unicast_src fe80::\S+ failed 99", ran["no-source"].log)
    assert "Entering FAULT STATE" in ran["no-source"].log
    assert "bind unicast_src" not in ran["preferred"].log


def test_version_3_without_an_address_ends_keepalived(ran: dict[str, Said]) -> None:
    assert ran["empty-v3"].code == 2
    assert "at least one is required" in ran["empty-v3"].log


def test_the_word_behind_a_notify_script_is_its_user(ran: dict[str, Said]) -> None:
    assert "Script user 'MASTER' does not exist" in ran["user"].log
    assert "Invalid user/group for notify script /usr/local/sbin/take - ignoring" in ran["user"].log


def test_the_words_behind_a_tracking_script_are_dropped(ran: dict[str, Said]) -> None:
    assert "VRRP_Script(web) succeeded" in ran["dropped-words"].log


def test_nobody_runs_a_script_without_a_user(ran: dict[str, Said]) -> None:
    assert "Unable to set default user" in ran["no-user"].log


def test_script_user_may_be_below_its_scripts(ran: dict[str, Said]) -> None:
    assert "Unable to set default user" not in ran["user-below"].log
    assert "uid-below" in ran["files"].log.split()


def test_a_bare_name_is_searched(ran: dict[str, Said]) -> None:
    assert "resolved by path search" in ran["searched"].log


def test_a_redirection_is_an_argument(ran: dict[str, Said]) -> None:
    assert {"one", ">", "two"} <= set(ran["files"].log.split())


def test_dev_tcp_is_a_file_that_is_never_there(ran: dict[str, Said]) -> None:
    assert "Script `web` now returning 2" in ran["file-test"].log


def test_an_ipv6_host_address_is_deprecated(ran: dict[str, Said]) -> None:
    assert re.search(r"fd00::100/128 scope global .*deprecated", ran["deprecated"].seen)
    assert re.search(r"fd00::100/128 scope global (?!.*deprecated)", ran["preferred"].seen)


def test_an_on_link_prefix_with_vmac_takes_the_subnet_over(ran: dict[str, Said]) -> None:
    assert re.search(r"10\.99\.0\.77 dev vrrp\.\d+ ", ran["hijack"].seen), ran["hijack"].seen
    assert re.search(r"10\.99\.0\.77 dev eth0 ", ran["host"].seen), ran["host"].seen


def test_priority_255_is_master_at_once(ran: dict[str, Said]) -> None:
    assert "Entering MASTER STATE" in ran["garp"].log
    assert "Entering BACKUP STATE" not in ran["garp"].log
    assert "Entering BACKUP STATE" in ran["unicast"].log


def test_strict_false_is_strict(ran: dict[str, Said]) -> None:
    said = "use_vmac or no_accept/strict specified, but no firewall configured"
    assert said in ran["strict"].log
    assert said not in ran["unicast"].log


def test_gratuitous_arp_is_repeated(ran: dict[str, Said]) -> None:
    sent = "Sending gratuitous ARP on eth0 for 10.99.0.100"
    assert ran["min-garp"].log.count(sent) == 1
    assert ran["garp"].log.count(sent) == 10
