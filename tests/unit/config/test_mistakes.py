"""Each mistake in a file: its key, what is wrong, and the remedy, in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cloudfail.config import examine, load
from cloudfail.errors import ConfigError

Write = Callable[[str], Path]

NODES = """
[[instance.edge.node]]
name = "a"
address = "10.0.1.10"
priority = 150
[[instance.edge.node]]
name = "b"
address = "10.0.1.20"
priority = 100
"""
EDGE = '[instance.edge]\nprovider = "cloud"\n'
PUBLIC = '[[instance.edge.claim]]\nkind = "public-ip"\naddress = "203.0.113.7"\n'
PRIVATE = '[[instance.edge.claim]]\nkind = "private-ip"\naddress = "10.0.1.100"\n'
ROUTE = '[[instance.edge.claim]]\nkind = "route"\ndestination = "10.99.0.0/16"\ntables = ["t1"]\n'


def node(**changes: str) -> str:
    """The second node, with other values as TOML."""
    values = {"name": '"c"', "address": '"10.0.1.30"', "priority": "50", **changes}
    lines = "".join(f"{key} = {value}\n" for key, value in values.items() if value)
    return f"{EDGE}{NODES}[[instance.edge.node]]\n{lines}"


def claim(kind: str, **values: str) -> str:
    lines = "".join(f"{key} = {value}\n" for key, value in values.items())
    return f'{EDGE}{NODES}[[instance.edge.claim]]\nkind = "{kind}"\n{lines}'


MISTAKES = {
    # the shape
    "unknown table": ("[instances.edge]\n", "instances", "unknown key", 'did you mean "instance"?'),
    "unknown key": (EDGE + 'interfce = "eth0"\n', "instance.edge.interfce", "unknown key",
                    'did you mean "interface"?'),
    "far-off key": (EDGE + "zzz = 1\n", "instance.edge.zzz", "unknown key", "keys of this table"),
    "unknown node key": (node(prio="1"), "instance.edge.node[2].prio", "unknown key",
                         'did you mean "priority"?'),
    "unknown claim key": (claim("public-ip", address='"203.0.113.7"', adress='"203.0.113.7"'),
                          "instance.edge.claim[0].adress", "unknown key",
                          'did you mean "address"?'),
    "text for a number": (EDGE + 'virtual_router_id = "51"\n', "instance.edge.virtual_router_id",
                          "must be a whole number or left out, is text", ""),
    "number for text": (EDGE + "interface = 0\n", "instance.edge.interface",
                        "must be text in quotes, is a number", 'interface = "eth0"'),
    "true for a number": (EDGE + "width = true\n", "instance.edge.width",
                          "must be a whole number, is true/false", ""),
    "text for a list": (claim("route", destination='"10.99.0.0/16"', tables='"t1"'),
                        "instance.edge.claim[0].tables", "must be an array, is text",
                        'tables = ["rtb-0aa"]'),
    "number in a list": (claim("route", destination='"10.99.0.0/16"', tables="[1]"),
                         "instance.edge.claim[0].tables[0]", "must be text in quotes", ""),
    "empty list": (claim("route", destination='"10.99.0.0/16"', tables="[]"),
                   "instance.edge.claim[0].tables", "must be not empty", ""),
    "instance no table": ("instance = 1\n", "instance", "must be a table", ""),
    "instance as array": ('[[instance.edge]]\nprovider = "cloud"\n', "instance.edge",
                          "must be a table", "[instance.edge], in single brackets"),
    "node as table": (EDGE + '[instance.edge.node]\nname = "a"\n', "instance.edge.node",
                      "must be an array of tables", "[[instance.edge.node]]"),
    "node as text": (EDGE + 'node = ["a"]\n', "instance.edge.node[0]", "must be a table, is text",
                     ""),
    "claim as text": (EDGE + 'claim = ["a"]\n', "instance.edge.claim[0]", "must be a table",
                      "[[instance.edge.claim]]"),
    "guard as array": ("[[guard]]\n", "guard", "must be a table", ""),
    "provider missing": ("[instance.edge]\n", "instance.edge.provider", "is missing", ""),
    "deadline zero": (EDGE + "deadline = 0\n", "instance.edge.deadline", "0 is out of bounds", ""),
    "deadline nan": (EDGE + "deadline = nan\n", "instance.edge.deadline", "out of bounds", ""),
    "name of an instance": ('[instance."two words"]\nprovider = "cloud"\n', "instance.two words",
                            "is no name keepalived can hand over", "letters, digits"),
    "name like a flag": ('[instance.-x]\nprovider = "cloud"\n', "instance.-x", "like a flag", ""),
    "name with a line break": ('[instance."a\\nb"]\nprovider = "cloud"\n', "instance.a\\nb",
                               "is no name keepalived can hand over", ""),
    "device too long": (EDGE + f'interface = "{"e" * 16}"\n', "instance.edge.interface",
                        "is no network device", "ip link"),
    "device with a slash": (EDGE + 'interface = "eth/0"\n', "instance.edge.interface",
                            "is no network device", ""),
    "fraction for a number": (EDGE + "width = 1.5\n", "instance.edge.width",
                              "must be a whole number, is 1.5", ""),
    "NUL in a path": ('[journal]\npath = "a\\u0000b"\n', "journal.path",
                      "\"a\\x00b\" holds control characters", "plain text"),
    "control character in a list": (
        claim("route", destination='"10.99.0.0/16"', tables='["a\\u001b[31m"]'),
        "instance.edge.claim[0].tables", "holds control characters", ""),
    "endpoint no URL": ('[provider.cloud]\nendpoint = "ec2.internal"\n', "provider.cloud.endpoint",
                        '"ec2.internal" is no address of an API', "https://"),
    "endpoint half a URL": ('[provider.cloud]\nendpoint = "http://[::1"\n',
                            "provider.cloud.endpoint", "is no address of an API", ""),
    # the nodes
    "node without name": (node(name=""), "instance.edge.node[2].name", "is missing", ""),
    "node with empty name": (node(name='""'), "instance.edge.node[2].name", "not empty", ""),
    "same name": (node(name='"a"'), "instance.edge.node[2].name", 'a is also that of node "a"',
                  "a name of its own"),
    "same address": (node(address='"10.0.1.10"'), "instance.edge.node[2].address",
                     'also that of node "a"', "its own unicast address"),
    "equal priorities": (node(priority="150"), "instance.edge.node[2].priority",
                         '150 is also that of node "a"', "give each node its own"),
    "same interface_id": (
        node(interface_id='"e"') + '[[instance.edge.node]]\nname="d"\naddress="10.0.1.40"\n'
        'priority=7\ninterface_id="e"\n',
        "instance.edge.node[3].interface_id", 'also that of node "c"', "its own interface"),
    "priority 0": (node(priority="0"), "instance.edge.node[2].priority", "0 is out of bounds",
                   ">= 1"),
    "priority 255": (node(priority="255"), "instance.edge.node[2].priority", "255 is out of bounds",
                     "<= 254"),
    "vrid 0": (EDGE + "virtual_router_id = 0\n", "instance.edge.virtual_router_id",
               "0 is out of bounds", ""),
    "vrid 256": (EDGE + "virtual_router_id = 256\n", "instance.edge.virtual_router_id",
                 "256 is out of bounds", "<= 255"),
    "mixed families": (node(address='"2001:db8::30"'), "instance.edge.node[2].address",
                       "is IPv6, but 10.0.1.10", "all nodes in one family"),
    "node by name": (node(address='"node-c"'), "instance.edge.node[2].address",
                     '"node-c" is not an IP address', "not as a name"),
    "address with prefix": (node(address='"10.0.1.30/24"'), "instance.edge.node[2].address",
                            "is not an IP address", "without a prefix length"),
    "bad IPv6": (node(address='"2001:db8::zz"'), "instance.edge.node[2].address",
                 "is not an IP address", "2001:db8::7"),
    "scope": (node(address='"fe80::1%eth0"'), "instance.edge.node[2].address", "carries a scope",
              "%"),
    "address outside subnet": (node(subnet='"10.9.0.0/16"'), "instance.edge.node[2].subnet",
                               "10.0.1.30 is outside 10.9.0.0/16", "correct one"),
    "unspecified": (node(address='"0.0.0.0"'), "instance.edge.node[2].address",
                    "no address that a machine can own", "unicast"),
    "multicast": (claim("public-ip", address='"224.0.0.18"'), "instance.edge.claim[0].address",
                  "no address that a machine can own", ""),
    "broadcast": (claim("public-ip", address='"255.255.255.255"'), "instance.edge.claim[0].address",
                  "no address that a machine can own", ""),
    "scope of a network": (claim("route", destination='"fe80::%eth0/64"', tables='["t"]'),
                           "instance.edge.claim[0].destination", "carries a scope", "%"),
    "mask": (claim("route", destination='"10.99.0.0/0.0.255.255"', tables='["t"]'),
             "instance.edge.claim[0].destination", "has a mask", '"10.99.0.0/16"'),
    "no length": (claim("route", destination='"10.99.0.1"', tables='["t"]'),
                  "instance.edge.claim[0].destination", "no prefix length", '"10.99.0.1/32"'),
    "sits on a node's own address": (
        claim("public-ip", address='"203.0.113.7"', private_address='"10.0.1.10"'),
        "instance.edge.claim[0].private_address", 'the unicast address of node "a"', "no node"),
    "subnet with host bits": (node(subnet='"10.0.1.9/24"'), "instance.edge.node[2].subnet",
                              "has host bits set", 'did you mean "10.0.1.0/24"?'),
    # the claims
    "no kind": (EDGE + '[[instance.edge.claim]]\naddress = "203.0.113.7"\n',
                "instance.edge.claim[0].kind", "is missing", "public-ip, private-ip, route"),
    "unknown kind": (claim("publik-ip"), "instance.edge.claim[0].kind", 'unknown kind "publik-ip"',
                     'did you mean "public-ip"?'),
    "kind is a number": (EDGE + "[[instance.edge.claim]]\nkind = 5\n",
                         "instance.edge.claim[0].kind", 'unknown kind "5"', "known: "),
    "kind not offered": (claim("route", destination='"10.99.0.0/16"', tables='["t"]').replace(
        '"cloud"', '"single"'), "instance.edge.claim[0].kind", 'single has no kind "route"',
        "it offers: public-ip"),
    "missing field": (claim("public-ip"), "instance.edge.claim[0].address", "is missing",
                      'address = "203.0.113.7"'),
    "missing tables": (claim("route", destination='"10.99.0.0/16"'),
                       "instance.edge.claim[0].tables", "is missing", ""),
    "field of another kind": (claim("public-ip", address='"203.0.113.7"', tables='["t"]'),
                              "instance.edge.claim[0].tables",
                              'does not belong to kind "public-ip"', "it is a field of route"),
    "bad address": (claim("public-ip", address='"203.0.113.300"'),
                    "instance.edge.claim[0].address", '"203.0.113.300" is not an IP address', ""),
    "bad private address": (claim("private-ip", address='"x"'), "instance.edge.claim[0].address",
                            '"x" is not an IP address', ""),
    "families of a claim": (
        claim("public-ip", address='"203.0.113.7"', private_address='"2001:db8::1"'),
        "instance.edge.claim[0].private_address", "is IPv6, but 203.0.113.7 is IPv4", "family"),
    "bad private_address": (
        claim("public-ip", address='"203.0.113.7"', private_address='"x"'),
        "instance.edge.claim[0].private_address", '"x" is not an IP address', ""),
    "host bits": (claim("route", destination='"10.99.1.0/16"', tables='["t"]'),
                  "instance.edge.claim[0].destination", '"10.99.1.0/16" has host bits set',
                  'did you mean "10.99.0.0/16"?'),
    "no network": (claim("route", destination='"all"', tables='["t"]'),
                   "instance.edge.claim[0].destination", '"all" is not a network', "10.99.0.0/16"),
    "same claim": (EDGE + PUBLIC + PUBLIC, "instance.edge.claim[1]",
                   "public-ip 203.0.113.7 is claimed already, by instance.edge.claim[0]",
                   "remove one"),
    "same claim, other text": (
        EDGE + PUBLIC.replace("203.0.113.7", "2001:db8::7")
        + PUBLIC.replace("203.0.113.7", "2001:0db8::0007"),
        "instance.edge.claim[1]", "is claimed already", ""),
    "same table twice": (claim("route", destination='"10.99.0.0/16"', tables='["t", "t"]'),
                         "instance.edge.claim[0]", "is claimed twice here", "remove one"),
    "claim of two instances": (
        EDGE + PUBLIC + EDGE.replace("edge", "other") + PUBLIC.replace("edge", "other"),
        "instance.other.claim[0]", "is claimed already, by instance.edge.claim[0]", ""),
    "a node's own address": (claim("private-ip", address='"10.0.1.20"'),
                             "instance.edge.claim[0].address",
                             '10.0.1.20 is the unicast address of node "b"', "belongs to no node"),
    "a range with a node's own address": (
        claim("private-ip", address='"10.0.1.16/28"'), "instance.edge.claim[0].address",
        '10.0.1.20 is the unicast address of node "b"', "belongs to no node"),
    "a range with host bits": (claim("private-ip", address='"10.0.1.65/28"'),
                               "instance.edge.claim[0].address", "has host bits set",
                               '"10.0.1.64/28"'),
    "a protected range": (
        '[guard]\nprotected = ["10.0.1.70/32"]\n' + EDGE + PRIVATE.replace(".100", ".64/28"),
        "instance.edge.claim[0]", "touches 10.0.1.70/32", ""),
    "private-ip across subnets": (
        (EDGE + NODES + PRIVATE).replace("10.0.1.20", "10.0.2.20"),
        "instance.edge.claim[0].address",
        "the nodes are in several (a in 10.0.1.0/24, b in 10.0.2.0/24)", 'subnet = "..."'),
    "private-ip outside the subnet": (
        EDGE + NODES.replace("priority", 'subnet = "10.0.1.0/26"\npriority') + PRIVATE,
        "instance.edge.claim[0].address", "10.0.1.100 is outside 10.0.1.0/26", ""),
    "protected": ('[guard]\nprotected = ["203.0.113.0/24"]\n' + EDGE + PUBLIC,
                  "instance.edge.claim[0]", "touches 203.0.113.0/24", "guard.protected"),
    "protected route": ('[guard]\nprotected = ["10.0.0.0/8"]\n' + EDGE + ROUTE,
                        "instance.edge.claim[0]", "touches 10.0.0.0/8", ""),
    "default route over protected": (
        '[guard]\nprotected = ["10.0.0.0/8"]\n' + EDGE + ROUTE.replace("10.99.0.0/16", "0.0.0.0/0"),
        "instance.edge.claim[0]", "touches 10.0.0.0/8", ""),
    "protected with host bits": ('[guard]\nprotected = ["10.0.0.1/8"]\n', "guard.protected[0]",
                                 "has host bits set", 'did you mean "10.0.0.0/8"?'),
    "own_egress": ('[guard]\nown_egress = "maybe"\n', "guard.own_egress", '"maybe" is not allowed',
                   ""),
    "refused by the provider": (
        EDGE.replace("cloud", "single") + PUBLIC + PUBLIC.replace("113.7", "113.8"),
        "instance.edge.claim", "two public addresses want the primary address", ""),
    "same virtual router": (
        EDGE + 'interface = "eth0"\nvirtual_router_id = 51\n' + NODES
        + (EDGE + 'interface = "eth0"\nvirtual_router_id = 51\n' + NODES).replace("edge", "two"),
        "instance.two.virtual_router_id", "51 is also that of instance.edge on eth0", "its own"),
    # the providers
    "provider setting": ('[provider.cloud]\nregoin = "x"\n', "provider.cloud.regoin",
                         "unknown key", 'did you mean "region"?'),
    "provider as value": ('[provider]\nregion = "x"\n', "provider.region", "must be a table", ""),
    "setting of a wrong type": ('[provider.cloud]\nretries = "x"\n', "provider.cloud.retries",
                                "must be a whole number, is text", ""),
    "secret": ('[provider.cloud]\nsecret_access_key = "hunter2"\n',
               "provider.cloud.secret_access_key", "secrets do not belong in this file",
               "mode 0600"),
    "secret elsewhere": (EDGE + 'password = "hunter2"\n', "instance.edge.password",
                         "secrets do not belong in this file", "credentials_file ="),
    "secret in a claim": (claim("public-ip", address='"203.0.113.7"', api_token='"hunter2"'),
                          "instance.edge.claim[0].api_token", "secrets do not belong", ""),
    "no credentials file": ('[provider.cloud]\ncredentials_file = "/nowhere/x"\n',
                            "provider.cloud.credentials_file", "No such file", "correct the path"),
    "credentials directory": ('[provider.cloud]\ncredentials_file = "/proc"\n',
                              "provider.cloud.credentials_file", "/proc is not a file", ""),
    # the journal
    "journal": ("[journal]\nkeep = 0\n", "journal.keep", "0 is out of bounds", ""),
}  # fmt: skip


@pytest.mark.parametrize(("text", "key", "wrong", "remedy"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_named_by_file_key_and_remedy(
    write: Write, text: str, key: str, wrong: str, remedy: str
) -> None:
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    said = str(caught.value)
    assert said.startswith(f"{path}: {key}: ")
    assert wrong in said
    assert remedy in said
    assert caught.value.exit_code == 78


@pytest.mark.parametrize("name", MISTAKES)
def test_one_mistake_is_one_problem(write: Write, name: str) -> None:
    text, *_ = MISTAKES[name]
    _, problems = examine(write(text), {})
    assert len(problems) == 1, [str(problem) for problem in problems]


def test_no_secret_is_ever_repeated(write: Write) -> None:
    _, problems = examine(write('[provider.cloud]\nsecret_access_key = "hunter2"\n'), {})
    assert "hunter2" not in "".join(map(str, problems))


def test_a_syntax_error_names_the_line(write: Write) -> None:
    path = write('[instance.edge]\nprovider = "cloud\n')
    with pytest.raises(ConfigError, match=rf"{path}: not TOML: .*line 2"):
        load(path, {})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xef\xbb\xbf[guard]\n", "begins with a byte order mark; save it as UTF-8 without one"),
        (b"x = " + b"9" * 5000, "a number in it has thousands of digits"),
        (b"x = " + b"[" * 50000, "nested too deep"),
    ],
    ids=["byte order mark", "digits", "depth"],
)
def test_what_is_no_toml_is_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "cloudfail.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    assert str(caught.value).startswith(f"{path}: not TOML: ")
    assert said in str(caught.value)


def test_an_empty_file_is_a_mistake(write: Write) -> None:
    with pytest.raises(ConfigError, match=r"the file is empty; write \[instance.NAME\]"):
        load(write("# nothing yet\n"), {})


def test_windows_line_ends_are_none(tmp_path: Path) -> None:
    path = tmp_path / "cloudfail.toml"
    path.write_bytes((EDGE + NODES + PUBLIC).replace("\n", "\r\n").encode())
    assert load(path, {}).instances["edge"].nodes[1].name == "b"


def test_a_loop_of_links_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "loop"
    path.symlink_to(path)
    with pytest.raises(ConfigError, match="loop: Too many levels of symbolic links; it must be"):
        load(path, {})


def test_no_problem_breaks_the_line_or_steers_a_terminal(write: Write) -> None:
    text = '[instance."a\\u001b[31m\\nb"]\nprovider = "c\\nd"\n[[instance.x.claim]]\nkind="a\\nb"\n'
    _, problems = examine(write(text), {})
    assert all(str(problem).isprintable() for problem in problems)


def test_a_variable_with_a_line_break_is_a_mistake(write: Write) -> None:
    _, problems = examine(write(EDGE), {"CLOUDFAIL_INTERFACE": "eth0\nx"})
    assert [problem.key for problem in problems] == ["CLOUDFAIL_INTERFACE"]


def test_a_missing_file_says_how_to_name_another(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none.toml: no such file; .*--config"):
        load(tmp_path / "none.toml", {})


def test_a_directory_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Is a directory; it must be a file"):
        load(tmp_path, {})


def test_other_encodings_than_utf8_are_named(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b"# \xe4\n")
    with pytest.raises(ConfigError, match="not UTF-8 at byte 2"):
        load(path, {})


def test_all_mistakes_of_a_file_are_found_together(write: Write) -> None:
    text = 'frob = 1\n[instance.edge]\nprovider = "cloud"\ninterfce = "x"\nwidth = 0\n'
    path = write(text + '[[instance.edge.claim]]\nkind = "nat"\n')
    _, problems = examine(path, {})
    assert [problem.key for problem in problems] == [
        "frob",
        "instance.edge.interfce",
        "instance.edge.width",
        "instance.edge.claim[0].kind",
    ]
    with pytest.raises(ConfigError, match=r"frob: unknown key.*\(3 more: `cloudfail config check`"):
        load(path, {})


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_secret_that_others_can_read_is_an_error(write: Write, tmp_path: Path, mode: int) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    secret.chmod(mode)
    path = write(f'[provider.cloud]\ncredentials_file = "{secret}"\n')
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    assert f"has mode 0{mode:o}" in str(caught.value)
    assert f"chmod 0600 {secret}" in str(caught.value)
    secret.chmod(0o600)
    assert load(path, {}).providers["cloud"].credentials_file == str(secret)
