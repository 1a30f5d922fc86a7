"""The examples, run by real keepalived for some seconds: what it logs and does."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from cloudfail.keepalived.lint.rules import BY_CODE

from keepalived.lint.real import NEEDS_KEEPALIVED, SECURE, STOPPED, Said, run_all, whole

pytestmark = [pytest.mark.netns, NEEDS_KEEPALIVED]
# What a running keepalived logs or does, in some seconds.
MASTER = "  state MASTER\n  priority 255\n"
ALONE = "vrrp_instance VI_1 {\n" + MASTER + "  virtual_ipaddress {\n    %s\n  }\n}\n"
# W is in FAULT as soon as it has been master.
TWICE = (
    SECURE.replace("}", "  vrrp_version 3\n}")
    + 'vrrp_script late {\n  script "/usr/bin/test ! -e late"\n  interval 1\n  fall 1\n}\n'
    + "".join(
        f"vrrp_instance {name} {{\n  advert_int 0.5\n  virtual_ipaddress {{\n    10.99.0.100/32\n  }}\n"
        f"{more}}}\n"
        for name, more in (
            ("V", ""),
            ("W", '  track_script {\n    late\n  }\n  notify_master "/usr/bin/touch late"\n'),
        )
    )
)
GRATUITOUS = "Sending gratuitous ARP on eth0 for 10.99.0.100"
# What comes after a while, longer on a busy machine.
COME = (
    ("own-peer", "equal priority advert received"),
    ("dropped-words", "VRRP_Script(web) succeeded"),
    ("file-test", "Script `web` now returning 2"),
    *((name, "(V) Entering MASTER STATE") for name in ("twice", "once")),
    *((name, "(W) Entering FAULT STATE") for name in ("twice", "once")),
)
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
    "twice": TWICE,
    "once": TWICE.replace("100/32", "101/32", 1),
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
    found = run_all(texts, place, 4, _is_enough)
    found["files"] = Said(0, " ".join(sorted(path.name for path in place.iterdir())))
    return found


def _is_enough(log: Callable[[str], str]) -> bool:
    return log("garp").count(GRATUITOUS) >= 10 and all(words in log(name) for name, words in COME)


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
    assert ran["unicast"].code == STOPPED


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


def test_an_address_of_two_instances_leaves_a_master_without_it(ran: dict[str, Said]) -> None:
    """The same in one instance each: V is master, W in FAULT, and 101 is V's."""
    for name, address, is_there in (("twice", 100, False), ("once", 101, True)):
        assert "(V) Entering MASTER STATE" in ran[name].log
        assert "(W) Entering FAULT STATE" in ran[name].log
        assert "(V) Entering FAULT STATE" not in ran[name].log
        assert (f"10.99.0.{address}/32" in ran[name].seen) is is_there, ran[name].seen


def test_gratuitous_arp_is_repeated(ran: dict[str, Said]) -> None:
    assert ran["min-garp"].log.count(GRATUITOUS) == 1
    assert ran["garp"].log.count(GRATUITOUS) == 10
