"""What an operator is told, and what stands in the toml for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloudfail.config import load
from cloudfail.errors import ConfigError
from cloudfail.keepalived.generate import files_of, site_of
from cloudfail.keepalived.importer import import_files
from cloudfail.keepalived.version import Version

from keepalived.importer.again import written
from keepalived.importer.made import config_of, pair, told
from keepalived.importer.pairs import MAIL_PAIR, ROUTES, SECURE


def test_a_mirrored_pair_has_its_nodes_and_no_complaint(tmp_path: Path) -> None:
    found = import_files(pair(tmp_path))
    nodes = config_of(found, tmp_path).instances["VI_1"].nodes
    assert [(n.name, str(n.address), n.priority) for n in nodes] == [
        ("a", "10.0.1.10", 110),
        ("b", "10.0.1.20", 120),
    ]
    assert told(found) == []


@pytest.mark.parametrize(
    ("first", "second", "key", "kept"),
    [
        ("advert_int 1", "advert_int 2", "advert_int", 1.0),
        ("unicast_ttl 9", "unicast_ttl 8", "unicast_ttl", 9),
        ("smtp_alert", "smtp_alert off", "smtp_alert", True),
    ],
)
def test_what_differs_is_named_and_the_first_file_counts(
    first: str, second: str, key: str, kept: object, tmp_path: Path
) -> None:
    found = import_files(pair(tmp_path, first, second))
    assert getattr(config_of(found, tmp_path).instances["VI_1"].vrrp, key) == kept
    assert [line for line in told(found, "changed") if line.startswith(f"{second}: a has it")]


def test_unequal_addresses_and_routers_are_named(tmp_path: Path) -> None:
    one = "virtual_ipaddress {\n10.0.1.100\n}\n"
    two = "virtual_ipaddress {\n10.0.1.101\n}\nvirtual_router_id 52"
    changed = told(import_files(pair(tmp_path, one, two)), "changed")
    assert any(line.startswith("virtual_ipaddress { 1 line }: a has it") for line in changed)
    assert any(line.startswith("virtual_router_id 52: a has it") for line in changed)


def test_instances_with_two_names_are_matched_by_their_router(tmp_path: Path) -> None:
    first = pair(tmp_path / "x", name="WEB")[0]
    second = pair(tmp_path / "y", name="HTTP")[1]
    found = import_files([first, second])
    assert list(config_of(found, tmp_path).instances) == ["WEB"]
    assert any("called WEB in the first file" in line for line in told(found, "changed"))


def test_equal_priorities_are_told_apart_as_keepalived_does(tmp_path: Path) -> None:
    found = import_files(pair(tmp_path, "priority 100", "priority 100"))
    nodes = config_of(found, tmp_path).instances["VI_1"].nodes
    assert {node.name: node.priority for node in nodes} == {"a": 99, "b": 100}
    assert any(line.startswith("priority 100: becomes 99: ") for line in told(found, "changed"))


@pytest.mark.parametrize(
    ("best", "nopreempt", "delay"),
    [
        ("state BACKUP\nnopreempt", True, None),
        ("state MASTER\nnopreempt", False, None),
        ("state BACKUP", False, None),
        ("state BACKUP\npreempt_delay 60", False, 60.0),
        ("state BACKUP\nnopreempt\npreempt", False, None),
    ],
)
def test_the_best_node_says_whether_it_takes_over(
    best: str, nopreempt: bool, delay: float | None, tmp_path: Path
) -> None:
    found = import_files(pair(tmp_path, "state BACKUP\nnopreempt", best))
    vrrp = config_of(found, tmp_path).instances["VI_1"].vrrp
    assert (vrrp.nopreempt, vrrp.preempt_delay) == (nopreempt, delay)


def test_nopreempt_goes_where_weights_hand_over(tmp_path: Path) -> None:
    """`config check` refuses the two together; so an import must not write them."""
    line = "state BACKUP\nnopreempt\ntrack_interface {\neth1 weight 20\n}"
    found = import_files(pair(tmp_path, line, line))
    assert config_of(found, tmp_path).instances["VI_1"].vrrp.nopreempt is False
    assert any("a master whose priority falls" in line for line in told(found, "changed"))


@pytest.mark.parametrize(
    ("written_as", "version", "kept"),
    [("0.1", 2, 1.0), ("1.4", 2, 1.0), ("1.5", 2, 2.0), ("0.126", 3, 0.13), ("41", 3, 40.95)],
)
def test_an_interval_is_rounded_as_keepalived_rounds(
    written_as: str, version: int, kept: float, tmp_path: Path
) -> None:
    """Measured with 2.2.7."""
    line = f"version {version}\nadvert_int {written_as}"
    found = import_files(pair(tmp_path, line, line))
    assert config_of(found, tmp_path).instances["VI_1"].vrrp.advert_int == kept
    assert any(f"advert_int {written_as}: {kept:g} s" in line for line in told(found, "changed"))


def test_defaults_that_differ_are_written_out(tmp_path: Path) -> None:
    more = "track_script {\nx\n}\n"
    paths = pair(tmp_path, more, more)
    for path in paths:
        path.write_text('vrrp_script x {\nscript "/usr/bin/true"\n}\n' + path.read_text())
    config = config_of(import_files(paths), tmp_path)
    script, vrrp = config.keepalived.scripts["x"], config.instances["VI_1"].vrrp
    assert (script.interval, script.timeout, script.fall, script.rise) == (1, 1, 1, 1)
    assert (config.keepalived.vrrp_version, vrrp.use_vmac, vrrp.nopreempt) == (2, False, False)


def test_a_secret_is_nowhere_but_in_its_file(tmp_path: Path) -> None:
    found = import_files(written(dict(MAIL_PAIR), tmp_path))
    assert found.secrets["WEB"].value == "s3cr3t78"
    shown = [found.toml, *found.extras.values(), repr(found), *map(str, found.notes)]
    assert not [text for text in shown if "s3cr3t78" in text]


@pytest.mark.parametrize("kind", ["PASS", "AH"])
def test_version_3_has_no_authentication(kind: str, tmp_path: Path) -> None:
    line = f"version 3\nauthentication {{\nauth_type {kind}\nauth_pass x1\n}}"
    found = import_files(pair(tmp_path, line, line))
    assert config_of(found, tmp_path).instances["VI_1"].vrrp.authentication.type == "none"
    assert any(
        "keepalived ignores it in VRRP version 3" in line for line in told(found, "left out")
    )
    assert not found.secrets


def test_a_key_in_a_file_is_taken_over(tmp_path: Path) -> None:
    line = "auth_hmac {\nkey 1 file:/etc/cloudfail/x.key\nactive_key 1\n}"
    found = import_files(pair(tmp_path, line, line))
    kept = config_of(found, tmp_path).instances["VI_1"].vrrp.authentication
    assert (kept.type, str(kept.secret_file)) == ("hmac", "/etc/cloudfail/x.key")
    assert told(found) == []


def test_a_key_that_stands_in_the_file_is_left_out_and_not_shown(tmp_path: Path) -> None:
    line = "auth_hmac {\nkey 1 hex:00112233\nactive_key 1\n}"
    found = import_files(pair(tmp_path, line, line))
    assert any(line.startswith("auth_hmac") for line in told(found, "left out"))
    assert "00112233" not in found.toml + "".join(map(str, found.notes))


def test_a_long_secret_is_cut_as_keepalived_cuts_it(tmp_path: Path) -> None:
    line = "authentication {\nauth_type PASS\nauth_pass 123456789\n}"
    found = import_files(pair(tmp_path, line, line))
    assert found.secrets["VI_1"].value == "12345678"
    assert any("its first 8 characters" in line for line in told(found, "changed"))


def test_two_instances_never_share_a_router(tmp_path: Path) -> None:
    paths = pair(tmp_path)
    paths[0].write_text(paths[0].read_text() + paths[0].read_text().replace("VI_1", "VI_2"))
    found = import_files(paths[:1])
    assert config_of(found, tmp_path).instances["VI_2"].virtual_router_id is None
    assert any("the virtual_router_id of VI_2" in line for line in told(found, "missing"))


def test_what_has_no_word_is_ready_for_conf_d_or_for_its_instance(tmp_path: Path) -> None:
    found = import_files(written({"gw.conf": ROUTES}, tmp_path))
    outside = found.extras["conf.d/extras.conf"]
    ((name, inside),) = [one for one in found.extras.items() if one[1] != outside]
    instance = name.removeprefix("instance.d/").removesuffix(".conf")
    assert "lvs_flush" in outside
    assert "10.20.0.0/16 via 10.0.1.1 dev eth0" in outside
    assert "virtual_routes" not in outside
    assert "virtual_routes {" in inside
    assert config_of(found, tmp_path).instances[instance].vrrp.include == name
    left = told(found, "left out")
    assert any(line.startswith("virtual_routes") and name in line for line in left)


def test_what_one_node_alone_has_is_a_comment_there(tmp_path: Path) -> None:
    paths = pair(tmp_path)
    paths[0].write_text("global_defs {\nlvs_flush\n}\n" + paths[0].read_text())
    assert "# of a only:\n    # lvs_flush" in import_files(paths).extras["conf.d/extras.conf"]


def test_a_peer_without_a_file_becomes_a_node(tmp_path: Path) -> None:
    found = import_files(pair(tmp_path)[:1])
    nodes = config_of(found, tmp_path).instances["VI_1"].nodes
    assert [(n.name, str(n.address)) for n in nodes] == [("a", "10.0.1.10"), ("peer", "10.0.1.20")]
    assert len({node.priority for node in nodes}) == 2
    assert any("the priority of node peer" in line for line in told(found, "missing"))


def test_a_node_without_its_address_is_the_peer_of_the_other(tmp_path: Path) -> None:
    paths = pair(tmp_path)
    paths[1].write_text(paths[1].read_text().replace("unicast_src_ip 10.0.1.20\n", ""))
    nodes = config_of(import_files(paths), tmp_path).instances["VI_1"].nodes
    assert [str(node.address) for node in nodes] == ["10.0.1.10", "10.0.1.20"]


def test_virtual_addresses_are_offered_where_nothing_else_is_claimed(tmp_path: Path) -> None:
    line = "virtual_ipaddress {\n10.0.1.100/24\n}"
    found = import_files(pair(tmp_path, line, line))
    (claim,) = config_of(found, tmp_path).instances["VI_1"].claims
    assert str(claim) == "private-ip 10.0.1.100"
    assert "# Offered" in found.toml
    assert any("/24 becomes /32" in line for line in told(found, "changed"))


def test_across_subnets_a_route_is_proposed(tmp_path: Path) -> None:
    line = "virtual_ipaddress {\n10.9.9.9\n}"
    paths = pair(tmp_path, line, line)
    for path in paths:
        path.write_text(path.read_text().replace("10.0.1.20", "10.0.2.20"))
    found = import_files(paths)
    assert not config_of(found, tmp_path).instances["VI_1"].claims
    assert '# { kind = "route", destination = "10.9.9.9/32"' in found.toml


def test_words_after_a_unicast_address_mean_nothing(tmp_path: Path) -> None:
    found = import_files(written(dict(MAIL_PAIR), tmp_path))
    assert any("dev eth0" in line and "one address" in line for line in told(found, "changed"))


def test_secure_settings_are_kept(tmp_path: Path) -> None:
    shared = config_of(import_files(written({"x.conf": SECURE}, tmp_path)), tmp_path).keepalived
    assert shared.vrrp_higher_prio_send_advert is False
    assert shared.vrrp_min_garp is False
    assert (shared.script_user, shared.vrrp_notify_fifo_user) == ("root root", "root")


@pytest.mark.parametrize("text", ["", "global_defs {\n}\n", "virtual_server 10.0.0.1 80 {\n}\n"])
def test_a_file_without_an_instance_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "keepalived.conf"
    path.write_text(text)
    with pytest.raises(ConfigError, match="no vrrp_instance"):
        import_files([path])


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        import_files([tmp_path / "keepalived.conf"])


def test_script_security_that_is_there_is_not_called_missing(tmp_path: Path) -> None:
    more = "track_script {\nx\n}\n"
    paths = pair(tmp_path, more, more)
    shared = "global_defs {\nenable_script_security\nscript_user root\n}\n"
    for path in paths:
        check = 'vrrp_script x {\nscript "/usr/lib/keepalived/check"\n}\n'
        path.write_text(shared + check + path.read_text())
    found = import_files(paths)
    assert config_of(found, tmp_path).keepalived.enable_script_security
    assert told(found) == []


def test_an_interval_may_begin_with_its_point(tmp_path: Path) -> None:
    """Measured with 2.2.7: `.2` is 200 ms."""
    line = "version 3\nadvert_int .2"
    vrrp = config_of(import_files(pair(tmp_path, line, line)), tmp_path).instances["VI_1"].vrrp
    assert vrrp.advert_int == 0.2


def test_what_the_toml_refuses_does_not_come_back_by_the_extras(tmp_path: Path) -> None:
    paths = pair(tmp_path)
    for path in paths:
        path.write_text('global_defs {\nrouter_id "a~b"\nlvs_flush\n}\n' + path.read_text())
    found = import_files(paths)
    assert "router_id" not in found.extras["conf.d/extras.conf"]
    assert any(line.startswith('router_id "a~b"') for line in told(found, "left out"))


def test_a_switch_has_keepalived_s_own_spelling(tmp_path: Path) -> None:
    """`Yes` is an invalid value to 2.2.7, and the option stays as it was."""
    paths = pair(tmp_path)
    for path in paths:
        path.write_text("global_defs {\nvrrp_min_garp Yes\n}\n" + path.read_text())
    left = told(import_files(paths), "left out")
    assert any(line.startswith("vrrp_min_garp Yes") for line in left)


@pytest.mark.parametrize("enabled", ["true", "false"])
def test_what_generate_wrote_for_an_agent_is_no_setting(tmp_path: Path, enabled: str) -> None:
    """It is written again; and a pair without an agent gets none by being imported."""
    config = tmp_path / "cloudfail.toml"
    config.write_text(
        f"[agent]\nenabled = {enabled}\n"
        '[instance.edge]\nprovider = "aws"\ninterface = "eth0"\nvirtual_router_id = 51\n'
        'node = [{ name = "a", address = "10.0.1.10", priority = 150 },'
        '{ name = "b", address = "10.0.1.11", priority = 100 }]\n'
    )
    before = load(config, {})
    files = {}
    for name in "ab":
        text = files_of(site_of(before, name, Version(2, 2, 7))).main.text
        files[f"{name}/keepalived.conf"] = text
    found = import_files(written(files, tmp_path / "old"))
    after = config_of(found, tmp_path)
    assert ("[agent]" in found.toml) == (enabled == "false")
    assert "handover" not in found.toml + "".join(told(found))
    assert after.agent == before.agent
    assert after.keepalived == before.keepalived
