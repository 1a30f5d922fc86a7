"""A file that is right, and what variables change of it."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from cloudfail.config import Instance, choose, examine, load, without_file
from cloudfail.config.settings import with_flags
from cloudfail.errors import ConfigError, UsageError
from cloudfail.model import PrivateIp, PublicIp, Route

from .conftest import SPECS, Settings

Write = Callable[[str], Path]

FULL = """
[instance.edge]
provider = "cloud"
interface = "eth0"
virtual_router_id = 51
deadline = 45
width = 4

[[instance.edge.node]]
name = "a"
address = "10.0.1.10"
priority = 150
interface_id = "nic-a"
subnet = "10.0.0.0/20"

[[instance.edge.node]]
name = "b"
address = "10.0.2.10"
priority = 100
subnet = "10.0.0.0/20"

[[instance.edge.claim]]
kind = "public-ip"
address = "203.0.113.7"
private_address = "10.0.1.100"
resource_id = "ip-1"

[[instance.edge.claim]]
kind = "private-ip"
address = "10.0.1.100"

[[instance.edge.claim]]
kind = "route"
destination = "2001:db8:99::/48"
tables = ["t1", "t2"]
role_arn = "arn:x"

[provider.cloud]
region = "here"

[guard]
protected = ["192.168.0.0/16", "fd00::/8"]
own_egress = "assured"

[journal]
path = "/tmp/j.jsonl"
max_bytes = 4096
keep = 2
"""


def test_every_key_of_a_file_arrives(write: Write) -> None:
    path = write(FULL)
    config = load(path, {})
    edge = config.instances["edge"]
    assert config.path == path
    assert (edge.provider, edge.interface, edge.virtual_router_id) == ("cloud", "eth0", 51)
    assert (edge.deadline, edge.width) == (45.0, 4)
    assert [node.name for node in edge.nodes] == ["a", "b"]
    assert edge.nodes[0].address == ip_address("10.0.1.10")
    assert edge.nodes[0].interface_id == "nic-a"
    assert edge.nodes[0].subnet == ip_network("10.0.0.0/20")
    assert edge.claims[0] == PublicIp(
        address=ip_address("203.0.113.7"),
        private_address=ip_address("10.0.1.100"),
        resource_id="ip-1",
    )
    assert edge.claims[1] == PrivateIp(address=ip_address("10.0.1.100"))
    assert config.providers == {"cloud": Settings(region="here")}
    assert config.guard.protected == (ip_network("192.168.0.0/16"), ip_network("fd00::/8"))
    assert config.guard.own_egress == "assured"
    assert (str(config.journal.path), config.journal.max_bytes, config.journal.keep) == (
        "/tmp/j.jsonl",
        4096,
        2,
    )


def test_a_route_becomes_one_claim_a_table(write: Write) -> None:
    claims = load(write(FULL), {}).instances["edge"].claims
    destination = ip_network("2001:db8:99::/48")
    assert claims[2:] == tuple(
        Route(destination=destination, table=table, role_arn="arn:x") for table in ("t1", "t2")
    )


def test_nodes_that_share_a_24_need_not_say_so(write: Write) -> None:
    text = FULL.replace('subnet = "10.0.0.0/20"\n', "").replace("10.0.2.10", "10.0.1.20")
    assert load(write(text), {}).instances["edge"].nodes[0].subnet is None


def test_ipv6_nodes_share_a_64(write: Write) -> None:
    text = FULL.replace('subnet = "10.0.0.0/20"\n', "")
    text = text.replace('10.0.1.10"\npri', '2001:db8::1"\npri')
    text = text.replace("10.0.2.10", "2001:db8::2")
    assert load(write(text), {}).instances["edge"].nodes[1].address.version == 6


def test_a_private_ip_without_nodes_cannot_be_held_to_a_subnet(write: Write) -> None:
    text = '[instance.edge]\nprovider="cloud"\n[[instance.edge.claim]]\nkind="private-ip"\n'
    assert load(write(text + 'address="10.0.1.100"\n'), {}).instances["edge"].claims


def test_a_private_ip_may_be_a_range_or_of_another_range(write: Write) -> None:
    nodes = FULL.replace('subnet = "10.0.0.0/20"', 'subnet = "10.0.0.0/22"')
    text = nodes.replace('kind = "private-ip"\naddress = "10.0.1.100"', "{}", 1)
    text = text.replace('"cloud"', '"ranged"').replace("provider.cloud", "provider.ranged")
    claim = 'kind = "private-ip"\naddress = "{}"'
    found = [
        load(write(text.replace("{}", claim.format(address))), {}).instances["edge"].claims[1]
        for address in ("10.64.0.16/28", "10.0.1.100/32", "10.64.0.7")
    ]
    assert found == [
        PrivateIp(address=ip_address("10.64.0.16"), prefix_length=28),
        PrivateIp(address=ip_address("10.0.1.100")),
        # Of a secondary range of the subnet, whose primary range is what the nodes declare.
        PrivateIp(address=ip_address("10.64.0.7")),
    ]
    assert [claim.target for claim in found] == ["10.64.0.16/28", "10.0.1.100", "10.64.0.7"]


VARIABLES = {
    "CLOUDFAIL_INTERFACE": "eth9",
    "CLOUDFAIL_DEADLINE": "12.5",
    "CLOUDFAIL_WIDTH": "2",
    "CLOUDFAIL_CLOUD_REGION": "there",
    "CLOUDFAIL_CLOUD_RETRIES": "3",
    "CLOUDFAIL_GUARD_PROTECTED": "192.0.2.0/24, 198.51.100.0/24",
    "CLOUDFAIL_GUARD_OWN_EGRESS": "check",
    "CLOUDFAIL_JOURNAL": "/var/tmp/other",
    "CLOUDFAIL_JOURNAL_KEEP": "9",
}


def test_variables_win_over_the_file(write: Write) -> None:
    config = load(write(FULL), VARIABLES)
    edge = config.instances["edge"]
    assert (edge.interface, edge.deadline, edge.width) == ("eth9", 12.5, 2)
    assert config.providers == {"cloud": Settings(region="there", retries=3)}
    assert config.guard.protected == (ip_network("192.0.2.0/24"), ip_network("198.51.100.0/24"))
    assert config.guard.own_egress == "check"
    assert (str(config.journal.path), config.journal.keep) == ("/var/tmp/other", 9)


def test_an_empty_variable_says_nothing(write: Write) -> None:
    environ = dict.fromkeys(VARIABLES, "")
    assert load(write(FULL), environ) == load(write(FULL), {})


@pytest.mark.parametrize(
    ("name", "value", "wrong"),
    [
        ("CLOUDFAIL_DEADLINE", "soon", "must be a number or left out, is text"),
        ("CLOUDFAIL_WIDTH", "65", "out of bounds"),
        ("CLOUDFAIL_CLOUD_RETRIES", "x", "must be a whole number, is text"),
        ("CLOUDFAIL_JOURNAL_KEEP", "0", "out of bounds"),
    ],
)
def test_a_wrong_variable_is_named(write: Write, name: str, value: str, wrong: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write(FULL), {name: value})
    assert str(caught.value).startswith(f"environment: {name}: ")
    assert wrong in str(caught.value)
    assert "correct or unset the variable" in str(caught.value)


def test_a_misspelt_variable_is_found_by_check_and_stops_nothing(write: Write) -> None:
    path = write(FULL)
    environ = {"CLOUDFAIL_CLOUD_REGOIN": "x", "CLOUDFAIL_CLOUD_ZZZZZZZZZZZ": "x"}
    _, problems = examine(path, environ)
    assert [(one.source, one.key) for one in problems] == [
        ("environment", "CLOUDFAIL_CLOUD_REGOIN"),
        ("environment", "CLOUDFAIL_CLOUD_ZZZZZZZZZZZ"),
    ]
    assert "CLOUDFAIL_CLOUD_REGION" in problems[0].remedy
    assert load(path, environ).providers == {"cloud": Settings(region="here")}


def test_without_a_file_variables_and_defaults_remain() -> None:
    config = without_file({"CLOUDFAIL_GUARD_PROTECTED": "10.0.0.0/8"})
    assert config.path is None
    assert config.instances == {}
    assert config.guard.protected == (ip_network("10.0.0.0/8"),)
    with pytest.raises(ConfigError, match=r"guard.protected\[0\]"):
        without_file({"CLOUDFAIL_GUARD_PROTECTED": "10.0.0.1/8"})


TWO = '[instance.edge]\nprovider = "cloud"\n[instance.other]\nprovider = "nimbus"\n'


def test_a_provider_that_is_not_installed_harms_no_instance_of_another(write: Write) -> None:
    path = write(TWO)
    config = load(path, {})
    assert choose(config, "edge").name == "edge"
    with pytest.raises(ConfigError) as caught:
        choose(config, "other")
    assert f"{path}: instance.other.provider: no provider named 'nimbus'" in str(caught.value)
    _, problems = examine(path, {})
    assert [problem.provider for problem in problems] == ["nimbus"]


def test_a_provider_that_is_near_an_installed_one_is_suggested(write: Write) -> None:
    _, problems = examine(write("[provider.clod]\nx = 1\n"), {})
    assert problems[0].remedy == 'did you mean "cloud"?'


def test_a_required_setting_may_come_from_a_variable(write: Write) -> None:
    path = write('[instance.edge]\nprovider = "strict"\n')
    with pytest.raises(ConfigError, match=r"provider\.strict\.project: is missing"):
        load(path, {})
    assert load(path, {"CLOUDFAIL_STRICT_PROJECT": "p"}).providers["strict"].project == "p"


def test_the_only_instance_of_a_provider_is_chosen(write: Write) -> None:
    config = load(write(TWO), {})
    assert choose(config, "", "cloud").name == "edge"
    with pytest.raises(ConfigError, match=r"several instances: edge, other; say which"):
        choose(config)


@pytest.mark.parametrize(
    ("name", "provider", "said"),
    [
        ("egde", "", 'no instance "egde"; did you mean "edge"?'),
        ("zzz", "", 'no instance "zzz"; known: edge, other'),
        ("edge", "single", "instance.edge.provider is cloud, not single"),
        ("", "single", "no instance of provider single; instances: edge (cloud), other (nimbus)"),
    ],
)
def test_a_choice_that_fits_nothing_lists_what_there_is(
    write: Write, name: str, provider: str, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        choose(load(write(TWO), {}), name, provider)
    assert said in str(caught.value)


def test_without_any_instance_the_remedy_is_named(write: Write) -> None:
    with pytest.raises(ConfigError, match=r"there is none at all.*\[instance.NAME\]"):
        choose(load(write("[guard]\n"), {}))
    with pytest.raises(ConfigError, match='no configuration file: no instance "x"; there is none'):
        choose(without_file({}), "x")


def test_flags_win_over_everything() -> None:
    settings = Settings(region="here")
    changed = with_flags(settings, SPECS["cloud"], {"region": "flag", "retries": "4"})
    assert changed == Settings(region="flag", retries=4)
    assert with_flags(settings, SPECS["cloud"], {}) is settings


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"regoin": "x"}, 'provider cloud has no setting "regoin"; did you mean "region"?'),
        ({"retries": "x"}, "setting retries: must be a whole number, is text"),
    ],
)
def test_a_wrong_flag_is_a_usage_error(flags: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        with_flags(Settings(), SPECS["cloud"], flags)
    assert said in str(caught.value)


def test_a_flag_cannot_name_a_file_that_others_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    secret.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 0600"):
        with_flags(Settings(), SPECS["cloud"], {"credentials_file": str(secret)})


def test_instances_are_values() -> None:
    with pytest.raises(AttributeError):
        Instance(name="x", provider="y").name = "z"  # type: ignore[misc]
