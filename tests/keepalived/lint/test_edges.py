"""Where a rule begins to speak and where it stops, beside its own example."""

from __future__ import annotations

import pytest
from cloudfail.keepalived.lint import confs_of_text, lint
from cloudfail.keepalived.version import Version, parse_version

V = "vrrp_instance V {\n%s\n}\n"
W = "vrrp_instance W {\n%s\n}\n"
G = "global_defs {\n%s\n}\n"
GROUP = "vrrp_sync_group G {\ngroup {\nV\nW\n}\n%s\n}\n"
PEER = "unicast_peer {\n%s\n}\n"
VIP = "virtual_ipaddress {\n%s\n}\n"


def lines(code: str, text: str, version: str = "2.2.7") -> list[int]:
    found = lint(confs_of_text(text), parse_version(version))
    return [one.place.line for one in found if one.code == code]


SPEAKS = [
    ("KA002", V % (PEER % "node-b"), "2.2.7"),
    ("KA002", V % ("unicast_fault_no_peer\n" + PEER % ""), "2.2.7"),
    ("KA004", V % "unicast_src_ip node-a", "2.2.7"),
    ("KA005", V % (PEER % "10.0.0.1" + "unicast_src_ip fd00::1"), "2.2.7"),
    ("KA007", V % (PEER % "10.0.0.1"), "2.4"),
    ("KA011", V % (PEER % "10.0.0.1" + VIP % "10.0.0.1"), "2.2.7"),
    ("KA012", V % "state MASTER\npreempt_delay 5", "2.2.7"),
    ("KA015", V % "priority 0", "2.2.7"),
    ("KA015", V % "priority high", "2.2.7"),
    ("KA016", V % "", "2.2.7"),
    ("KA016", V % "virtual_router_id 0x33", "2.2.7"),
    ("KA017", (V + W) % ((f"virtual_router_id 1\n{PEER % '10.0.0.1'}",) * 2), "2.2.7"),
    ("KA019", V % (PEER % "10.0.0.1"), "2.3.2"),
    ("KA023", V % "advert_int 0", "2.2.7"),
    ("KA023", V % "advert_int soon", "2.2.7"),
    ("KA023", V % "version 3\nadvert_int 0.001", "2.2.7"),
    ("KA026", G % "vrrp_skip_check_adv_addr false", "2.2.8"),
    ("KA026", V % "skip_check_adv_addr", "2.4"),
    ("KA027", G % "vrrp_down_timer_adverts 1" + V % "", "2.2.7"),
    ("KA032", V % ("use_vmac\n" + VIP % "10.0.0.1/24 noprefixroute"), "2.2.7"),
    ("KA032", V % ("use_vmac\n" + VIP % "10.0.0.1/24 dev lo"), "2.2.7"),
    ("KA033", V % (VIP % "fd00::1/128 preferred_lft 0"), "2.2.7"),
    ("KA035", V % "version 3\nno_virtual_ipaddress", "2.2.7"),
    ("KA035", V % "version 3\nvirtual_ipaddress_excluded {\n10.0.0.1\n}", "2.2.7"),
    ("KA037", V % (VIP % "10.0.0.1/33"), "2.2.7"),
    ("KA037", V % (VIP % "10.0.0.1/255.255.255.0"), "2.2.7"),
    ("KA037", V % (VIP % "10.0.0.1/24 peer 10.0.0.2"), "2.2.7"),
    ("KA051", V % "auth_hmac {\nkey 1 file:/x\n}", "2.4.1"),
    ("KA052", V % "authentication {\nauth_type PASS\n}", "2.2.7"),
    ("KA052", V % "authentication {\nauth_type MD5\nauth_pass x\n}", "2.2.7"),
    ("KA055", G % "vrrp_strict false", "2.2.8"),
    ("KA055", V % "strict_mode", "2.4"),
    ("KA058", V % "garp_master_repeat 0", "2.2.7"),
    ("KA060", V % "unicast_src_ip fd00::1\nversion 2", "2.2.7"),
    ("KA061", V % 'notify "/bin/true" root', "2.2.7"),
    ("KA061", V % "" + W % "" + GROUP % 'notify_master "/bin/true" root', "2.2.7"),
    ("KA061", V % 'notify_master "/bin/true" root', "2.0.5"),
    ("KA062", G % "vrrp_higher_prio_send_advert false" + V % "", "2.2.7"),
    ("KA062", G % "vrrp_higher_prio_send_advert" + V % "higher_prio_send_advert no", "2.2.7"),
    ("KA063", V % 'notify_stop "/bin/ip addr del 10.0.0.1/32 dev eth0"', "2.2.7"),
    ("KA066", G % "smtp_alert\nsmtp_server 127.0.0.1", "2.2.7"),
    ("KA073", V % "notify_master /bin/true root root more", "2.2.7"),
    ("KA073", V % 'notify_master "/bin/true" --force', "2.2.7"),
    ("KA073", "vrrp_script s {\nscript /bin/true -x\n}\n", "2.2.7"),
    ("KA075", V % 'notify_master "./take"', "2.2.7"),
    ("KA077", V % 'notify_master "</etc/passwd"', "2.2.7"),
    ("KA081", V % "track_file {\nf\n}" + "vrrp_track_file f {\nfile /x\n}\n", "2.2.7"),
    ("KA081", V % "" + W % "" + GROUP % "track_script {\ns\n}", "2.2.7"),
    ("KA082", "vrrp_script s {\nscript /bin/true\nweight 5\n}\n" + V % "track_script {\ns\n}" + W % ""
     + GROUP % "", "2.2.7"),
    ("KA088", "vrrp_script s {\nscript /bin/true\nweight 5\n}\n" + V % "nopreempt\ntrack_script {\ns\n}",
     "2.2.7"),
    ("KA014", V % "track_interface {\np weight 0\n}", "2.2.7"),
    ("KA083", V % "" + W % "" + GROUP % "" + (GROUP % "").replace("G", "H"), "2.2.7"),
    ("KA092", V % "unicast_ttl 255", "2.0.20"),
    ("KA093", V % "track_process {\np\n}", "2.0.10"),
    ("KA094", V % (VIP % "10.0.0.1 use_vmac"), "2.1.5"),
    ("KA094", V % (PEER % "10.0.0.1 min_hops 3"), "2.2.7"),
    ("KA019", V % "interface lo", "2.2.7"),
    ("KA038", V % (VIP % "10.0.0.1") + W % "virtual_ipaddress_excluded {\n10.0.0.1/24\n}", "2.2.7"),
    ("KA038", V % (VIP % "10.0.0.1 dev lo") + W % (VIP % "10.0.0.1 dev lo"), "2.2.7"),
    ("KA073", V % 'notify_master "/bin/true" "anybody"', "2.2.7"),
    ("KA098", V % "unicast_ttl 256", "2.2.7"),
    ("KA098", "vrrp_script s {\nscript /bin/true\ninterval 0.5\n}\n", "2.3.1"),
    ("KA098", "track_file f {\nfile /run/f\nweight 255\n}\n", "2.2.7"),
    ("KA904", V % "priority ${PRIORITY}", "2.2.7"),
    ("KA095", G % "vrrp_check_unicast_src off", "2.2.7"),
    ("KA096", V % "smtp_alert 1", "2.2.7"),
]  # fmt: skip
SILENT = [
    ("KA002", V % (PEER % "10.0.0.1/24"), "2.2.7"),
    ("KA004", V % ("unicast_src_ip 10.0.0.1/24\n" + PEER % "fd00::1/64"), "2.2.7"),
    ("KA007", V % (PEER % "10.0.0.1 max_ttl 255"), "2.2.7"),
    ("KA007", V % ("check_unicast_src\n" + PEER % "10.0.0.1"), "2.2.7"),
    ("KA008", V % (PEER % "10.0.0.1"), "2.2.4"),
    ("KA012", V % "state MASTER\npreempt_delay 0", "2.2.7"),
    ("KA021", V % "nopreempt\npreempt_delay 0", "2.2.7"),
    ("KA014", V % "preempt_delay 60", "2.2.7"),
    ("KA017", (V % "virtual_router_id 1\nunicast_peer {\n10.0.0.1\n}")
     + W % "virtual_router_id 1\nunicast_peer {\n10.0.0.2\n}", "2.2.7"),
    ("KA017", V % "virtual_router_id 1" + W % "virtual_router_id 1\ninterface eth1", "2.2.7"),
    ("KA017", V % "virtual_router_id 1" + W % "virtual_router_id 1\nnative_ipv6", "2.2.7"),
    ("KA019", V % (PEER % "10.0.0.1"), "2.3.3"),
    ("KA023", V % "advert_int 0.5", "2.2.7"),
    ("KA024", V % "advert_int 0.1", "2.2.7"),
    ("KA025", V % (PEER % "10.0.0.1 min_ttl 255"), "2.2.7"),
    ("KA025", V % (PEER % "fd00::1 min_ttl 64"), "2.2.7"),
    ("KA026", G % "vrrp_skip_check_adv_addr false", "2.3"),
    ("KA031", V % ("use_vmac\n" + VIP % "10.0.0.1/24 dev lo"), "2.2.7"),
    ("KA031", V % (VIP % "10.0.0.1/24"), "2.2.7"),
    ("KA033", V % (VIP % "fd00::1/64"), "2.2.7"),
    ("KA033", V % (VIP % "2001:db8::1 dev lo"), "2.2.7"),
    ("KA035", V % "version 3\nno_virtual_ipaddress", "2.2.8"),
    ("KA036", V % "no_virtual_ipaddress", "2.2.8"),
    ("KA051", V % "auth_hmac {\nkey 1 file:/x\n}", "2.4.2"),
    ("KA055", G % "vrrp_strict false", "2.3"),
    ("KA055", V % "strict_mode off", "2.2.7"),
    ("KA057", G % "vrrp_garp_master_delay 0" + V % "", "2.2.7"),
    ("KA057", V % "", "2.0.11"),
    ("KA061", G % "vrrp_notify_fifo /run/x root" + V % 'notify_master "/bin/true" root', "2.2.7"),
    ("KA061", V % "", "2.2.7"),
    ("KA062", V % "higher_prio_send_advert", "2.2.7"),
    ("KA063", V % 'notify_master "/bin/ip addr del 10.0.0.1/32 dev eth0"', "2.2.7"),
    ("KA063", V % 'notify_backup "/usr/sbin/modeled"', "2.2.7"),
    ("KA065", G % "vrrp_notify_fifo /run/x", "2.3.4"),
    ("KA066", G % "smtp_alert\nsmtp_server 127.0.0.1\nnotification_email {\na@example.com\n}", "2.2.7"),
    ("KA071", V % "", "2.2.7"),
    ("KA072", V % 'notify_master "/bin/true" nobody', "2.2.7"),
    ("KA072", G % 'vrrp_notify_fifo_script "/bin/true"', "2.2.7"),
    ("KA073", V % "notify_master /bin/true root root", "2.2.7"),
    ("KA073", G % "script_user ops" + V % "notify_master /bin/true ops", "2.2.7"),
    ("KA073", V % 'notify_master "/bin/true" anybody', "2.2.7"),
    ("KA076", V % "notify_master \"/bin/sh -c '/bin/a > /b; c $D'\"", "2.2.7"),
    ("KA077", 'vrrp_script s {\nscript "</run/healthy"\n}\n', "2.2.7"),
    ("KA078", V % 'notify_master "/usr/bin/python3 -m x"', "2.2.7"),
    ("KA078", G % "use_symlink_paths" + V % 'notify "/opt/v/bin/python -m x"', "2.3"),
    ("KA082", V % "track_interface {\np weight 5\n}" + W % "" + GROUP % "sync_group_tracking_weight", "2.2.7"),
    ("KA014", V % "track_interface {\np weight 5\n}", "2.2.7"),
    ("KA088", V % "track_interface {\np weight 5\n}", "2.2.7"),
    ("KA088", V % "nopreempt\ntrack_interface {\np\n}\ntrack_file {\nf\n}", "2.2.7"),
    ("KA085", "vrrp_script s {\nscript /x\n}\n" + GROUP % "track_script {\ns\n}", "2.2.7"),
    ("KA090", "virtual_server 10.0.0.1 80 {\n}\n", "2.2.7"),
    ("KA092", V % "unicast_ttl 255", "2.1"),
    ("KA094", V % (VIP % "10.0.0.1/24 brd + dev eth0 scope global label x home -nodad"), "2.2.7"),
    ("KA031", V % ("use_vmac\n" + VIP % "fe80::1/64"), "2.4"),
    ("KA032", V % (VIP % "fe80::1/64"), "2.2.7"),
    ("KA033", V % (VIP % "fe80::1"), "2.2.7"),
    ("KA038", V % (VIP % "192.0.2.51/32 dev lo") + W % (VIP % "192.0.2.51/32 dev lo"), "2.2.7"),
    ("KA038", V % (VIP % "fe80::1") + W % ("interface eth1\n" + VIP % "fe80::1"), "2.2.7"),
    ("KA038", V % (VIP % "10.0.0.1\n10.0.0.1"), "2.2.7"),
    ("KA049", V % "version 3\nauthentication {\nauth_type AH\nauth_pass x\n}", "2.2.7"),
    ("KA094", "track_file f {\nfile /run/f\nweight 2\n}\nvrrp_track_file g {\nfile /run/g\n}\n", "2.2.7"),
    ("KA094", V % "track_file {\nf weight 2\n}", "2.2.7"),
    ("KA015", V % "priority ${PRIORITY}", "2.2.7"),
    ("KA098", "vrrp_script s {\nscript /bin/true\ninterval 0.5\n}\n", "2.3.2"),
    ("KA097", V % "notify_deleted\nuse_vmac\npreempt", "2.2.7"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "text", "version"), SPEAKS)
def test_it_speaks(code: str, text: str, version: str) -> None:
    assert lines(code, text, version)


@pytest.mark.parametrize(("code", "text", "version"), SILENT)
def test_it_is_silent(code: str, text: str, version: str) -> None:
    assert not lines(code, text, version)


def test_a_remedy_knows_the_version() -> None:
    old = lint(confs_of_text(V % (VIP % "fd00::1")), Version(2, 0, 19))
    (deprecated,) = [one for one in old if one.code == "KA033"]
    assert deprecated.remedy == "update keepalived: it is known from 2.0.20 on"
    (newer,) = [one for one in lint(confs_of_text(V % "no_virtual_ipaddress"), Version(2, 2, 7))
                if one.code == "KA092"]  # fmt: skip
    assert newer.remedy == "it is known from 2.2.8 on; take it out, or update keepalived"


@pytest.mark.parametrize(
    ("code", "text", "line", "message"),
    [
        ("KA062", V % "" + W % "", 1, "V and 1 more may step down without a word"),
        ("KA062", V % "higher_prio_send_advert off" + W % "higher_prio_send_advert", 2, "V may step"),
        ("KA007", V % (PEER % "10.0.0.1") + W % (PEER % "10.0.0.1"), 2, "count for V and 1 more"),
        ("KA057", V % "" + W % "garp_master_delay 0", 1, "each address of V"),
        ("KA072", V % 'notify "/bin/true"\nnotify_fault "/bin/true"\nnotify_stop "/bin/true"', 2,
         "no user is named for notify of V and 2 more"),
    ],
)  # fmt: skip
def test_what_one_line_mends_is_said_once(code: str, text: str, line: int, message: str) -> None:
    (found,) = [one for one in lint(confs_of_text(text), Version(2, 2, 7)) if one.code == code]
    assert found.place.line == line
    assert message in found.message


def test_a_file_of_another_kind_is_not_searched_for_misspellings() -> None:
    text = V % "".join(f"priority{number} 1\n" for number in range(101))
    found = [one for one in lint(confs_of_text(text), Version(2, 2, 7)) if one.code == "KA091"]
    assert found[99].remedy == 'did you mean "priority"'
    assert found[100].remedy == "take it out, or correct it"


def test_what_is_defined_further_down_is_told_from_what_is_not_there() -> None:
    text = V % "track_script {\ns\nt\n}" + 'vrrp_script s {\nscript "/bin/true"\n}\n'
    found = [
        one.message for one in lint(confs_of_text(text), Version(2, 2, 7)) if one.code == "KA081"
    ]
    assert found == [
        'track_script "s" is defined further down, too late for keepalived',
        'track_script "t" is not defined',
    ]
