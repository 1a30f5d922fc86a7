"""What keepalived's side of a file becomes: defaults, addresses in any spelling, units in full."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest
from cloudfail.config import Config, Instance, examine, load
from cloudfail.config.vrrp.model import (
    Authentication,
    Hook,
    Host,
    Keepalived,
    Script,
    Services,
    SyncGroup,
    Tracked,
    TrackFile,
    TrackProcess,
    VirtualAddress,
    Vrrp,
)

Write = Callable[[str], Path]
EDGE = '[instance.edge]\nprovider = "cloud"\n'


@pytest.fixture
def read(write: Write) -> Callable[[str], Config]:
    def from_text(text: str) -> Config:
        return load(write(text), {})

    return from_text


Read = Callable[[str], Config]


def edge(read: Read, more: str) -> Vrrp:
    return read(EDGE + more).instances["edge"].vrrp


def test_an_instance_that_says_nothing_has_the_defaults(read: Read) -> None:
    vrrp = edge(read, "")
    assert vrrp == Vrrp()
    assert (vrrp.state, vrrp.nopreempt, vrrp.preempt_delay) == ("BACKUP", True, None)
    assert (vrrp.advert_int, vrrp.use_vmac, vrrp.vmac_xmit_base) == (1.0, True, True)
    assert (vrrp.unicast_fault_no_peer, vrrp.unicast_ttl) == (True, None)
    assert vrrp.virtual_ipaddress is None
    assert vrrp.services == Services(master=(), timeout=30.0)


def test_a_file_that_says_nothing_has_the_defaults(read: Read) -> None:
    config = read(EDGE)
    assert config.keepalived == Keepalived()
    assert config.host == Host()
    assert (config.keepalived.vrrp_version, config.keepalived.enable_script_security) == (3, True)
    assert config.keepalived.vrrp_higher_prio_send_advert
    assert config.keepalived.vrrp_check_unicast_src


def test_the_structs_defaults_are_those_of_the_tables(read: Read) -> None:
    """Both are written down; a table that is there but empty shows whether they agree."""
    text = (
        f"{EDGE}authentication = {{}}\nservices = {{}}\n[keepalived]\n[host]\n"
        '[[instance.edge.hook]]\non = "STOP"\ncommand = ["/x"]\n'
        '[vrrp_script.s]\nunit = "x"\n[track_file.f]\nfile = "/f"\n'
        '[track_process.p]\nprocess = "p"\n'
    )
    config = read(text)
    vrrp = config.instances["edge"].vrrp
    assert vrrp == Vrrp(hooks=(Hook(on="STOP", command=("/x",)),))
    assert config.keepalived == Keepalived(
        scripts={"s": Script(name="s", command=("/usr/bin/systemctl", "is-active", "-q", "x"))},
        track_files={"f": TrackFile(name="f", file="/f")},
        track_processes={"p": TrackProcess(name="p", process="p")},
    )
    assert config.host == Host()


def test_every_key_of_an_instance_arrives(read: Read) -> None:
    vrrp = edge(
        read,
        """
        state = "BACKUP"
        preempt_delay = 60
        advert_int = 0.5
        unicast_ttl = 64
        unicast_fault_no_peer = false
        use_vmac = false
        vmac_xmit_base = false
        smtp_alert = true
        track_script = ["web", { name = "db", weight = -20, reverse = true }]
        track_interface = ["eth1", { name = "eth2.100", weight = 5 }]
        track_file = ["brake"]
        track_process = ["haproxy"]
        authentication = { type = "hmac", secret_file = "/etc/cloudfail/edge.secret" }
        services = { master = ["nginx"], timeout = 5 }
        [vrrp_script]
        web.tcp = "127.0.0.1:80"
        db.unit = "postgresql"
        [track_file]
        brake.file = "/run/cloudfail/brake"
        [track_process]
        haproxy.process = "haproxy"
        """,
    )
    assert vrrp == Vrrp(
        nopreempt=False,
        preempt_delay=60.0,
        advert_int=0.5,
        unicast_ttl=64,
        unicast_fault_no_peer=False,
        use_vmac=False,
        vmac_xmit_base=False,
        smtp_alert=True,
        track_script=(Tracked(name="web"), Tracked(name="db", weight=-20, reverse=True)),
        track_interface=(Tracked(name="eth1"), Tracked(name="eth2.100", weight=5)),
        track_file=(Tracked(name="brake"),),
        track_process=(Tracked(name="haproxy"),),
        authentication=Authentication(type="hmac", secret_file=Path("/etc/cloudfail/edge.secret")),
        services=Services(master=("nginx.service",), timeout=5.0),
    )


def test_every_key_of_the_shared_tables_arrives(read: Read) -> None:
    found = read(
        EDGE
        + EDGE.replace("edge", "other")
        + """
        [keepalived]
        directory = "/etc/keepalived-edge"
        include = ""
        command = "/usr/bin/cloudfail"
        vrrp_version = 2
        enable_script_security = false
        script_user = "keepalived_script nogroup"
        vrrp_check_unicast_src = false
        vrrp_higher_prio_send_advert = false
        vrrp_min_garp = false
        vrrp_startup_delay = 2.5
        vrrp_notify_fifo = "/run/cloudfail/vrrp.fifo"
        vrrp_notify_fifo_user = "cloudfail"
        notification_email = ["ops@example.com", "root@localhost"]
        notification_email_from = "edge+a@example.com"
        smtp_server = "127.0.0.1 25"
        smtp_connect_timeout = 30
        [vrrp_script.web]
        http = "http://127.0.0.1/health?deep=1"
        interval = 5
        timeout = 3
        fall = 4
        rise = 6
        weight = -30
        user = "nobody nogroup"
        [track_file.brake]
        file = "/run/cloudfail/brake"
        weight = 0
        init_file = 7
        [track_process.proxy]
        process = "haproxy"
        weight = 9
        quorum = 2
        delay = 1.5
        [vrrp_sync_group.both]
        instances = ["edge", "other"]
        smtp_alert = true
        """
    ).keepalived
    curl = ("/usr/bin/curl", "-fsS", "-m", "3", "-o", "/dev/null")
    assert found == Keepalived(
        directory="/etc/keepalived-edge",
        include="",
        command="/usr/bin/cloudfail",
        vrrp_version=2,
        enable_script_security=False,
        script_user="keepalived_script nogroup",
        vrrp_check_unicast_src=False,
        vrrp_higher_prio_send_advert=False,
        vrrp_min_garp=False,
        vrrp_startup_delay=2.5,
        vrrp_notify_fifo="/run/cloudfail/vrrp.fifo",
        vrrp_notify_fifo_user="cloudfail",
        notification_email=("ops@example.com", "root@localhost"),
        notification_email_from="edge+a@example.com",
        smtp_server="127.0.0.1 25",
        smtp_connect_timeout=30,
        scripts={
            "web": Script(
                name="web",
                command=(*curl, "http://127.0.0.1/health?deep=1"),
                interval=5,
                timeout=3,
                fall=4,
                rise=6,
                weight=-30,
                user="nobody nogroup",
            )
        },
        track_files={
            "brake": TrackFile(name="brake", file="/run/cloudfail/brake", weight=0, init_file=7)
        },
        track_processes={
            "proxy": TrackProcess(
                name="proxy", process="haproxy", weight=9, quorum=2, delay=1.5
            )
        },
        sync_groups={
            "both": SyncGroup(name="both", instances=("edge", "other"), smtp_alert=True)
        },
    )  # fmt: skip


@pytest.mark.parametrize(
    ("check", "argv"),
    [
        ('tcp = "127.0.0.1:80"', ("/usr/bin/bash", "-c", "</dev/tcp/127.0.0.1/80")),
        ('tcp = "[::1]:443"', ("/usr/bin/bash", "-c", "</dev/tcp/::1/443")),
        ('tcp = "db.internal:65535"', ("/usr/bin/bash", "-c", "</dev/tcp/db.internal/65535")),
        ('http = "https://[::1]:8443/x"', ("/usr/bin/curl", "-fsS", "-m", "2", "-o", "/dev/null",
                                           "https://[::1]:8443/x")),
        ('process = "nginx"', ("/usr/bin/pgrep", "-x", "nginx")),
        ('unit = "nginx"', ("/usr/bin/systemctl", "is-active", "-q", "nginx")),
        ('command = ["/bin/sh", "-c", "a | b > c; d && e # f"]',
         ("/bin/sh", "-c", "a | b > c; d && e # f")),
    ],
)  # fmt: skip
def test_a_check_becomes_an_argv_that_starts_no_python(
    read: Read, check: str, argv: tuple[str, ...]
) -> None:
    script = read(f"{EDGE}[vrrp_script.x]\n{check}\n").keepalived.scripts["x"]
    assert script.command == argv


ADDRESSES = {
    "10.0.1.100": "10.0.1.100",
    "10.0.1.100/32": "10.0.1.100",
    "::ffff:10.0.1.100": "10.0.1.100",
    "::FFFF:a00:164": "10.0.1.100",
    "0000:0000:0000:0000:0000:ffff:10.0.1.100/128": "10.0.1.100",
    "2001:0db8:0000:0000:0000:0000:0000:0007": "2001:db8::7",
    "2001:DB8:0:0:0:0:0:7/128": "2001:db8::7",
    "2001:db8::7": "2001:db8::7",
}


@pytest.mark.parametrize("field", ["virtual_ipaddress", "virtual_ipaddress_excluded"])
@pytest.mark.parametrize("written", ADDRESSES)
def test_an_address_is_the_same_in_any_spelling(read: Read, field: str, written: str) -> None:
    expected = (VirtualAddress(address=ip_address(ADDRESSES[written])),)
    assert getattr(edge(read, f'{field} = ["{written}"]\n'), field) == expected


def test_an_address_may_say_where_it_is_added(read: Read) -> None:
    vrrp = edge(
        read, 'virtual_ipaddress = [{ address = "10.0.1.100/32", dev = "lo", label = "lo:edge" }]\n'
    )
    expected = VirtualAddress(address=ip_address("10.0.1.100"), dev="lo", label="lo:edge")
    assert vrrp.virtual_ipaddress == (expected,)


def test_no_address_at_all_is_not_the_claims(read: Read) -> None:
    assert edge(read, "virtual_ipaddress = []\n").virtual_ipaddress == ()
    assert edge(read, "").virtual_ipaddress is None


def test_both_families_may_stand_in_one_list(read: Read) -> None:
    vrrp = edge(read, 'virtual_ipaddress = ["10.0.1.100", "2001:db8::7"]\n')
    assert [one.address.version for one in vrrp.virtual_ipaddress or ()] == [4, 6]


@pytest.mark.parametrize(
    ("written", "nopreempt"),
    [
        ("", True),
        ("nopreempt = true", True),
        ("nopreempt = false", False),
        ("preempt_delay = 60", False),
        ("preempt_delay = 0", False),
        ('state = "MASTER"', False),
        ('state = "MASTER"\nnopreempt = false', False),
    ],
)
def test_nopreempt_is_the_default_where_it_can_be(
    read: Read, written: str, nopreempt: bool
) -> None:
    assert edge(read, f"{written}\n").nopreempt is nopreempt


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ("nginx", "nginx.service"),
        ("nginx.service", "nginx.service"),
        ("php8.2-fpm", "php8.2-fpm.service"),
        ("openvpn@edge", "openvpn@edge.service"),
        ("backup.timer", "backup.timer"),
        ("web.target", "web.target"),
    ],
)
def test_a_unit_is_named_in_full_as_polkit_sees_it(read: Read, written: str, unit: str) -> None:
    assert edge(read, f'services = {{ master = ["{written}"] }}\n').services.master == (unit,)


def test_a_unit_is_started_once_and_in_the_files_order(read: Read) -> None:
    services = edge(read, 'services = { master = ["b", "a", "b.service"] }\n').services
    assert services.master == ("b.service", "a.service")


def test_hooks_keep_their_order_and_their_words(read: Read) -> None:
    hooks = edge(
        read,
        """
        [[instance.edge.hook]]
        on = "MASTER"
        command = ["/bin/x", "two words", "$HOME", "'", "ä"]
        timeout = 2.5
        [[instance.edge.hook]]
        on = "FAULT"
        command = ["/bin/y"]
        """,
    ).hooks
    assert hooks == (
        Hook(on="MASTER", command=("/bin/x", "two words", "$HOME", "'", "ä"), timeout=2.5),
        Hook(on="FAULT", command=("/bin/y",), timeout=10.0),
    )


def test_a_node_may_have_a_device_and_a_router_id_of_its_own(read: Read) -> None:
    node = '[[instance.edge.node]]\nname = "a"\naddress = "10.0.1.10"\npriority = 9\n'
    found = read(f'{EDGE}interface = "eth0"\n{node}interface = "ens5"\nrouter_id = "edge-a"\n')
    instance: Instance = found.instances["edge"]
    assert instance.device_of(instance.nodes[0]) == "ens5"
    assert instance.device_of(None) == "eth0"
    assert instance.nodes[0].router_id == "edge-a"


def test_the_host_table_arrives(read: Read) -> None:
    text = (
        '[host]\nip_nonlocal_bind = false\nip_forward = true\nnetwork = "ifupdown"\n'
        'real_server = ["10.0.1.100", "2001:0db8::0007"]\n'
    )
    assert read(EDGE + text).host == Host(
        ip_nonlocal_bind=False,
        ip_forward=True,
        network="ifupdown",
        real_server=(ip_address("10.0.1.100"), ip_address("2001:db8::7")),
    )


@pytest.mark.parametrize(
    ("version", "seconds"), [(3, 0.01), (3, 0.29), (3, 1), (3, 40.95), (2, 1), (2, 255)]
)
def test_an_interval_that_vrrp_has_is_taken(read: Read, version: int, seconds: float) -> None:
    text = f"advert_int = {seconds}\n[keepalived]\nvrrp_version = {version}\n"
    assert edge(read, text).advert_int == seconds


WEIGHTED = '[vrrp_script.web]\ntcp = "127.0.0.1:80"\nweight = -60\n'
UNWEIGHTED = WEIGHTED.replace("weight = -60\n", "")
HANDBRAKE = '[track_file.brake]\nfile = "/run/brake"\n'


@pytest.mark.parametrize(
    ("more", "nopreempt"),
    [
        ('track_script = ["web"]\n' + WEIGHTED, False),
        ('track_script = [{ name = "web", weight = 0 }]\n' + WEIGHTED, True),
        ('track_script = [{ name = "web", weight = -5 }]\n' + UNWEIGHTED, False),
        ('track_script = ["web"]\n' + UNWEIGHTED, True),
        ('track_interface = [{ name = "eth1", weight = -5 }]\n', False),
        # -254 in the file is a FAULT, whatever its weight.
        ('track_file = ["brake"]\n' + HANDBRAKE, True),
    ],
)
def test_weights_that_are_to_hand_over_need_preemption(
    read: Read, more: str, nopreempt: bool
) -> None:
    assert edge(read, more).nopreempt is nopreempt


def test_a_group_of_instances_with_unweighted_trackers_is_right(read: Read) -> None:
    text = f'{EDGE}track_interface = ["eth1"]\n{EDGE.replace("edge", "v6")}'
    groups = read(text + '[vrrp_sync_group.g]\ninstances = ["edge", "v6"]\n').keepalived.sync_groups
    assert groups == {"g": SyncGroup(name="g", instances=("edge", "v6"))}


def test_reading_a_wrong_file_still_gives_what_is_right(write: Write) -> None:
    config, problems = examine(write(f'{EDGE}state = "MASTR"\nadvert_int = 2\n'), {})
    assert [problem.key for problem in problems] == ["instance.edge.state"]
    assert config.instances["edge"].vrrp.advert_int == 2.0
