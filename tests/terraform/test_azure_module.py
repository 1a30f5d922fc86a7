"""What Terraform makes on Azure is what cloudfail needs there, and a failover leaves it as it is.

Applied with the stub provider, then built in the embedded Azure, where the nodes have no other
right than the roles that were applied.
"""

from __future__ import annotations

import json
import os
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cloudfail.cli.main import main
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.azure.world import WorldPublicIp

from terraform.azure_world import SUBSCRIPTION, follow, roles_of, world_of
from terraform.stubs import Stub, Values
from terraform.workspace import Plan, State, Workspace

KEY = {"admin_ssh_public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1 ops"}
SERVICE = "198.51.100.7"
IN_GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"
NETWORK = "providers/Microsoft.Network"
JOINED = {
    f"edge/{NETWORK}/networkSecurityGroups/edge",
    f"edge/{NETWORK}/loadBalancers/edge",
    f"edge/{NETWORK}/publicIPAddresses/edge-a-own",
    f"edge/{NETWORK}/publicIPAddresses/edge-b-own",
    f"addresses/{NETWORK}/publicIPAddresses/service",
    f"network/{NETWORK}/virtualNetworks/hub/subnets/nodes",
}
WRITTEN = {
    "objects": JOINED
    | {
        f"edge/{NETWORK}/networkInterfaces/edge-a",
        f"edge/{NETWORK}/networkInterfaces/edge-b",
        f"edge/{NETWORK}/routeTables/here",
        f"spokes/{NETWORK}/routeTables/there",
    },
    "resource-group": JOINED | {"edge", "spokes"},
}
Role = tuple[set[str], set[str]]
BEFORE = WorldPublicIp("service", SERVICE, group="addresses")
EVERYTHING = Path(__file__).with_name("azure_everything.tf").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [n for n in os.environ if n.startswith(("AZURE_", "CLOUDFAIL_", "IDENTITY_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(scope="module")
def running() -> Iterator[EmbeddedAzure]:
    with EmbeddedAzure() as cloud:
        yield cloud


class Pair:
    """An applied pair, and its nodes' command line in the embedded Azure."""

    def __init__(
        self,
        place: Workspace,
        azure: Stub,
        cloud: EmbeddedAzure,
        run: Callable[..., tuple[int, str]],
    ) -> None:
        self.place, self.azure, self.cloud = place, azure, cloud
        self.state: State = place.apply()
        self.toml: str = self.state.outputs["cloudfail_toml"]
        self._run = run

    def build(self, *more: WorldPublicIp) -> None:
        self.cloud.build(world_of(self.azure, *more))
        self.cloud.enforce_iam(roles_of(self.azure))

    def node(self, name: str, *command: str) -> tuple[int, str]:
        settings = ("--endpoint", self.cloud.endpoint, "--set", f"ca_file={self.cloud.ca_file}")
        metadata = self.cloud.metadata_endpoint(f"edge-{name}")
        return self._run(self.toml, metadata, name, *command, "--node", name, *settings)

    def here(self, *command: str) -> tuple[int, str]:
        """A command that asks no cloud."""
        return self._run(self.toml, "", "", *command)

    def plan_after_failover(self) -> Plan:
        follow(self.azure, self.cloud)
        return self.place.plan()


@pytest.fixture
def pair(
    major: str,
    workspace: Callable[..., Workspace],
    stub: Callable[[str], Stub],
    running: EmbeddedAzure,
    cloudfail: Callable[..., tuple[int, str]],
) -> Callable[..., Pair]:
    def make(example: str, text: str = "", **variables: Any) -> Pair:
        azure = stub(major)
        azure.tell("azurerm_public_ip", {"name": "service"}, ip_address=SERVICE)
        place = workspace(f"examples/{example}/terraform", azure)
        if text:
            place.write("main.tf", text)
        place.variables = {**KEY, **variables}
        place.init()
        return Pair(place, azure, running, cloudfail)

    return make


@pytest.fixture
def cloudfail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Run a command with a cloudfail.toml, as a node of this metadata service."""

    def run(toml: str, metadata: str, node: str, *command: str) -> tuple[int, str]:
        path = tmp_path / "cloudfail.toml"
        path.write_text(toml, encoding="utf-8")
        for name, value in {
            "CLOUDFAIL_CONFIG": path,
            "CLOUDFAIL_STATE_DIR": tmp_path / node / "state",
            "CLOUDFAIL_JOURNAL": tmp_path / node / "journal.jsonl",
            "AZURE_POD_IDENTITY_AUTHORITY_HOST": metadata,
        }.items():
            monkeypatch.setenv(name, str(value))
        capsys.readouterr()
        code = main(command)
        return code, capsys.readouterr().out

    return run


def promoted(pair: Pair, name: str) -> None:
    """The node takes everything, after a check that finds nothing missing."""
    code, checked = pair.node(name, "plan", "--check")
    assert code == 2, checked
    assert "missing" not in checked
    assert "could not be asked" not in checked
    code, told = pair.node(name, "promote")
    assert code == 0, told
    code, told = pair.node(name, "plan")
    assert code == 0, told


def role_name(name: str) -> str:
    """A tenant has each name once, and pairs of the same name in several subscriptions."""
    return f"cloudfail {name} edge edge {SUBSCRIPTION}"


def role_of(pair: Pair, name: str) -> Role:
    """What a role allows, and on what it may be assigned."""
    role = pair.azure.one("azurerm_role_definition", name=role_name(name))
    return set(role["permissions"][0]["actions"]), set(role["assignable_scopes"])


def printed(pair: Pair, name: str) -> Role:
    """The same, as `cloudfail policy azure` prints it for the rendered file."""
    code, told = pair.here("policy", "azure", "--role", name)
    assert code == 0
    document: Values = json.loads(told)
    return set(document["Actions"]), set(document["AssignableScopes"])


@pytest.mark.parametrize(
    ("major", "example", "takers"),
    [("azurerm-4", "azure-public-ip", ("a", "b")), ("azurerm-5", "azure-route", ("b", "a"))],
)
def test_an_example_fails_over_and_then_there_is_nothing_to_plan(
    pair: Callable[..., Pair], example: str, takers: tuple[str, str]
) -> None:
    made = pair(example)
    assert made.here("config", "check")[0] == 0
    assert made.here("generate", "--node", "a")[0] == 0
    for name in ("read", "write"):
        assert role_of(made, name) == printed(made, name)
    made.build()
    for name in takers:
        promoted(made, name)
    plan = made.plan_after_failover()
    assert plan.is_empty, plan.changes
    assert made.place.destroy().resources == {}
    assert made.azure.objects() == []


@pytest.mark.parametrize("major", ["azurerm-4"])
def test_a_load_balancer_needs_no_role_and_no_call(pair: Callable[..., Pair]) -> None:
    made = pair("azure-load-balancer-responder")
    assert made.here("config", "check")[0] == 0
    assert made.here("generate", "--node", "a")[0] == 0
    assert made.azure.objects("azurerm_role_definition") == []
    assert made.azure.objects("azurerm_role_assignment") == []
    (rule,) = made.azure.objects("azurerm_lb_rule")
    assert rule["disable_outbound_snat"] is True
    assert made.place.plan().is_empty
    assert made.place.destroy().resources == {}


@pytest.mark.parametrize(
    ("major", "role_scope"), [("azurerm-4", "resource-group"), ("azurerm-5", "objects")]
)
def test_every_kind_at_once_moves_with_the_roles_that_were_applied(
    pair: Callable[..., Pair], role_scope: str
) -> None:
    made = pair("azure-public-ip", EVERYTHING, role_scope=role_scope)
    assert role_of(made, "read") == printed(made, "read")
    # cloudfail.toml does not say where the network is; Terraform knows it.
    actions, scopes = printed(made, "write")
    assert role_of(made, "write") == (actions, {*scopes, f"{IN_GROUP}/network"})
    assert assigned(made, "write") == WRITTEN[role_scope]
    secrets_stay_in_their_vault(made)
    nodes_go_before_what_they_would_make_again(made)
    made.build(BEFORE)
    for name in ("a", "b"):
        promoted(made, name)
    assert made.plan_after_failover().is_empty
    tags_take_nothing_back(made)
    another_address_is_another_node(made)


def assigned(pair: Pair, name: str) -> set[str]:
    role = pair.azure.one("azurerm_role_definition", name=role_name(name))
    return {
        each["scope"].removeprefix(f"{IN_GROUP}/")
        for each in pair.azure.objects("azurerm_role_assignment")
        if each["role_definition_id"] == role["role_definition_resource_id"]
    }


def secrets_stay_in_their_vault(made: Pair) -> None:
    assert not any("key_vault" in name for name in made.state.resources)
    assert 'secret_file = "/etc/cloudfail/edge.secret"' in made.toml
    for node in made.azure.objects("azurerm_linux_virtual_machine"):
        data = b64decode(node["custom_data"]).decode()
        assert "https://edge.vault.azure.net/secrets/vrrp" in data
        assert node["admin_password"] is None


def nodes_go_before_what_they_would_make_again(made: Pair) -> None:
    told = json.loads(made.place.run("state", "pull").stdout)["resources"]
    (nodes,) = [each for each in told if each["type"] == "azurerm_linux_virtual_machine"]
    for each in nodes["instances"]:
        assert "module.pair.azurerm_route.claimed" in each["dependencies"]
        assert "module.pair.azurerm_role_assignment.write" in each["dependencies"]


def tags_take_nothing_back(made: Pair) -> None:
    made.place.variables["tags"] = {"owner": "edge"}
    assert {tuple(each) for each in made.place.plan().changes.values()} == {("update",)}
    made.place.apply()
    nic = made.azure.one("azurerm_network_interface", name="edge-b")
    assert nic["tags"] == {"owner": "edge"}
    configs = [each["private_ip_address"] for each in nic["ip_configuration"]]
    assert configs == ["10.0.1.11", "10.0.1.100"]
    hops = {each["next_hop_in_ip_address"] for each in made.azure.objects("azurerm_route")}
    assert hops == {"10.0.1.11"}


def another_address_is_another_node(made: Pair) -> None:
    made.place.write("main.tf", EVERYTHING.replace("10.0.1.11", "10.0.1.12"))
    changes = made.place.plan().changes
    replaced = {name for name, actions in changes.items() if "delete" in actions}
    assert 'module.pair.azurerm_network_interface.node["b"]' in replaced
    assert 'module.pair.azurerm_linux_virtual_machine.node["b"]' in replaced
    assert not any('["a"]' in name for name in replaced)
