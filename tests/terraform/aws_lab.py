"""An applied example, and the lab booted from it: real terraform, real keepalived, one embedded AWS.

`python -m terraform.aws_lab DIRECTORY` enters the lab's namespaces, plays, and prints one line of
JSON: what was seen. `DIRECTORY` is for its files.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tomllib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from cloudfail.clock import SystemClock
from cloudfail.lab import preflight, probe
from cloudfail.lab.cloud.aws.sessions import ADMIN_KEY
from cloudfail.lab.cloud.aws.world import Built
from cloudfail.lab.ground import Ground
from cloudfail.lab.site import HOME, RealSite
from cloudfail.lab.stage import Stage
from cloudfail.lab.topology import LabNode, Topology

from terraform.aws_provider import provider
from terraform.aws_world import everything, image_variables, workspace
from terraform.workspace import Workspace

REGION = "eu-central-1"
ALONE = ("env", "CLOUDFAIL_AGENT_SOCKET=/run/cloudfail/none.sock")
Facts = dict[str, Any]


class Applied(Ground):
    """The ground whose world terraform made: the nodes get its cloudfail.toml to the letter."""

    def __init__(self, home: Path) -> None:
        super().__init__("aws", home)
        self.outputs: Mapping[str, Any] = {}

    def lay(self, topology: Topology) -> Built:
        nodes = self.outputs["nodes"]
        built = self.cloud.control.adopt({name: nodes[name]["instance_id"] for name in nodes})
        assert isinstance(built, Built)
        self.cloud.control.enforce_attached_iam()
        return built

    def config(self, topology: Topology, built: Any, endpoint: str, ca_file: str) -> str:
        return str(self.outputs["cloudfail_toml"])

    def client(self, service: str) -> Any:
        """Build a client that may do everything, as whoever runs terraform may."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.cloud.endpoint,
            region_name=REGION,
            aws_access_key_id=ADMIN_KEY,
            aws_secret_access_key="lab",
        )


def topology_of(text: str) -> Topology:
    """What cloudfail.toml says, as a lab has to know it before it boots the nodes."""
    instance = tomllib.loads(text)["instance"]["edge"]
    (claim,) = instance["claim"]
    return Topology(
        nodes=tuple(
            LabNode(
                name=node["name"],
                address=node["address"],
                subnet=node["subnet"],
                priority=node["priority"],
            )
            for node in instance["node"]
        ),
        public_ip=claim["address"],
        advert_interval=instance["advert_int"],
        agent=True,
    )


class Play:
    """What is done with the pair, and what was seen of it."""

    def __init__(self, ground: Applied, terraform: Workspace, stage: Stage) -> None:
        self.ground = ground
        self.terraform = terraform
        self.stage = stage
        self.facts: Facts = {}

    def through(self) -> None:
        (self.facts["role"],) = (
            one["RoleName"] for one in self.ground.client("iam").list_roles()["Roles"]
        )
        self.stage.start()
        self.facts["holders"] = [self._held_by()]
        self._look()
        self.facts["without"] = {}
        for statement, action in self._granted():
            self.facts["without"][f"{statement} {action}"] = self._without(statement, action)
        self.facts["calls"] = []
        self._fail("a", "b")
        with ThreadPoolExecutor() as at_once:
            planning = at_once.submit(self._plan)
            self._return("a")
        self._fail("b", "a")
        self.facts["plans"] = [planning.result(), self._plan()]

    def _look(self) -> None:
        """The doctor and the plan on both nodes, as the first boot asks them."""
        asked = [
            (node, words)
            for node in self.stage.topology.names
            for words in (("doctor",), ("plan", "--check", "--instance", "edge"))
        ]
        with ThreadPoolExecutor() as at_once:
            for (node, words), said in zip(asked, at_once.map(self._ask, asked), strict=True):
                self.facts[f"{words[0]} on {node}"] = said

    def _ask(self, asked: tuple[str, tuple[str, ...]]) -> Facts:
        node, words = asked
        done = self.stage.site.execute(node, (*ALONE, "cloudfail", *words, "--output", "json"))
        told = done.stdout if done.stdout.strip() else done.stderr
        return {"code": done.returncode, "said": told}

    def _granted(self) -> list[tuple[int, str]]:
        document = json.loads(self.ground.outputs["policy"])
        return [
            (number, action)
            for number, statement in enumerate(document["Statement"])
            for action in statement["Action"]
        ]

    def _without(self, number: int, action: str) -> Facts:
        """What the standby says of a move when its role lacks this."""
        iam = self.ground.client("iam")
        place = {"RoleName": self.facts["role"], "PolicyName": "failover"}
        document = json.loads(self.ground.outputs["policy"])
        statement = document["Statement"][number]
        statement["Action"] = [one for one in statement["Action"] if one != action]
        document["Statement"] = [one for one in document["Statement"] if one["Action"]]
        iam.put_role_policy(**place, PolicyDocument=json.dumps(document))
        try:
            return self._ask(("b", ("plan", "--check", "--instance", "edge")))
        finally:
            iam.put_role_policy(**place, PolicyDocument=self.ground.outputs["policy"])

    def _fail(self, dies: str, takes: str) -> None:
        """Let a node die; note who has the address then, and what was called for it."""
        control = self.ground.cloud.control
        before = len(control.calls())
        self.stage.fault(f"{dies} dies", dies)
        self.stage.site.kill(dies)
        self.stage.require_master(takes)
        self.stage.require_holder(takes)
        self.stage.calm()
        self.facts["calls"] += [
            {"who": call.principal, "what": call.operation, "code": call.code}
            for call in control.calls(before)
            if ":assumed-role/" in call.principal
        ]
        self.facts["holders"].append(self._held_by())

    def _return(self, node: str) -> None:
        self.stage.site.boot(node)
        self.stage.site.start_vrrp(node)
        self.stage.require_backup(node)
        self.stage.require_warm()

    def _held_by(self) -> str:
        """The interface that has the claimed address, as the cloud's API says it."""
        (address,) = self.ground.client("ec2").describe_addresses(
            PublicIps=[self.stage.topology.public_ip]
        )["Addresses"]
        return str(address.get("NetworkInterfaceId", ""))

    def _plan(self) -> list[str]:
        """What the next apply would change."""
        plan = self.terraform.plan()
        return [] if plan.is_empty else [*plan.changes, "not empty"]


def play(scratch: Path) -> Facts:
    found = provider()
    assert found is not None
    os.environ.update(image_variables(scratch))
    ground = Applied(HOME)
    with contextlib.ExitStack() as ending:
        ending.callback(ground.close)
        ground.open()
        ec2, iam = ground.client("ec2"), ground.client("iam")
        before = everything(ec2, iam)
        terraform = ending.enter_context(workspace(found, scratch, ground.cloud.endpoint))
        ground.outputs = terraform.apply().outputs
        facts: Facts = {"outputs": ground.outputs}
        with _site(ground) as site:
            built = ground.cloud.control.built()
            assert isinstance(built, Built)
            (facts["allocation"],) = built.public_ips.values()
            facts["account"] = built.account
            playing = Play(ground, terraform, Stage(site, site.clock))
            playing.through()
            facts |= playing.facts
            for node in site.topology.names:
                site.kill(node)
            terraform.destroy()
            facts["left"] = sorted(everything(ec2, iam) - before)
    return facts


class _Site(RealSite):
    def __init__(self, topology: Topology, clock: SystemClock, ground: Ground) -> None:
        super().__init__(topology, clock, HOME, ground)
        self.clock = clock


@contextlib.contextmanager
def _site(ground: Applied) -> Iterator[_Site]:
    topology = topology_of(str(ground.outputs["cloudfail_toml"]))
    site = _Site(topology, SystemClock(), ground)
    with contextlib.closing(site):
        site.open()
        try:
            yield site
        except BaseException:
            for event in site.timeline.events()[-60:]:
                sys.stderr.write(f"{event.t:.3f} {event.node:6} {event.text}\n")
            raise


def main(words: list[str]) -> int:
    scratch = Path(words[0])
    if not preflight.is_inside():
        preflight.widen_path()
        found = provider()
        kept = [scratch, *([found.parent] if found else [])]
        return preflight.enter([sys.executable, "-m", "terraform.aws_lab", *words], kept)
    probe.check_scripts()
    sys.stdout.write(json.dumps(play(scratch)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
