"""A machine that Terraform's user data makes a node: booted, with an embedded AWS, an index and a secret store."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from bench.stage import ADDRESS, Stage, stage
from booted.machine import Machine
from booted.pair import KEEPALIVED, UNIT, WORLD
from terraform.configurations import Values
from terraform.index import needed_by, pack, serve
from terraform.packages import repository
from terraform.workspace import REPOSITORY
from vrrp.inside import in_network
from vrrp.nodes import Nodes

PROGRAM = "cloudfail-first-boot"
_ACCOUNT = "123456789012"  # moto's
_CLOUD_INIT = """
datasource_list: [NoCloud]
network: {config: disabled}
cloud_init_modules: [write-files]
cloud_config_modules: [runcmd]
cloud_final_modules: [scripts-user]
system_info:
  distro: debian
  paths: {cloud_dir: /var/lib/cloud/, templates_dir: /etc/cloud/templates/}
"""
_SEED = "/var/lib/cloud/seed/nocloud-net"


def need(program: str, package: str) -> None:
    """Skip where a program is missing; in CI that is a failure."""
    if shutil.which(program) is None:
        told = f"{program} is not installed: sudo apt-get install --no-install-recommends {package}"
        if os.environ.get("CI") == "true":
            pytest.fail(told, pytrace=False)
        pytest.skip(told)


def need_system_python() -> None:
    """The distribution's own, which wheels of this virtual environment have to fit."""
    wanted = (
        f"import ensurepip, sys, venv; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    )
    if subprocess.run(
        ["/usr/bin/python3", "-c", wanted], check=False, capture_output=True
    ).returncode:
        pytest.skip(f"/usr/bin/python3 is not the {sys.version_info[:2]} of .venv, or has no venv")


@dataclass(frozen=True, slots=True)
class FirstBoot:
    """Node a; b has a seat in the network, and is off."""

    machine: Machine
    nodes: Nodes
    cloud: Stage
    index: str  # URL
    wheels: Path
    store: Callable[[str], Any]  # boto3's client of a service

    def inputs(self, secret: str) -> Values:
        built = self.cloud.built.nodes
        nodes = {"a": ("10.0.1.10", 240), "b": ("10.0.1.11", 100)}
        return {
            "provider_name": "aws",
            "virtual_router_id": 51,
            "nodes": {
                name: {
                    "address": address,
                    "priority": priority,
                    "interface_id": built[name].interface_id,
                }
                for name, (address, priority) in nodes.items()
            },
            "claims": [{"kind": "public-ip", "address": ADDRESS}],
            "authentication": {"type": "PASS", "secret": secret},
            "provider_settings": {"region": self.cloud.built.region},
            "cloudfail": {"index_url": self.index},
            "first_boot": ["echo before >>/run/before"],
            "extra_configuration": "[agent]\nreconcile_interval = 0.5\nstandby_interval = 0.5\n",
        }

    def new_secret(self, text: str) -> str:
        """Put a secret into the store; its ARN."""
        store = self.store("secretsmanager")
        return str(self._inside(lambda: store.create_secret(Name="edge", SecretString=text))["ARN"])

    def change_secret(self, arn: str, text: str) -> None:
        store = self.store("secretsmanager")
        self._inside(lambda: store.put_secret_value(SecretId=arn, SecretString=text))

    def put_wheel(self) -> str:
        """Put the wheel of this tree into a bucket; its URL."""
        (wheel,) = (self.wheels / "cloudfail").iterdir()
        store, region = self.store("s3"), {"LocationConstraint": self.cloud.built.region}
        self._inside(lambda: store.create_bucket(Bucket="wheels", CreateBucketConfiguration=region))
        self._inside(
            lambda: store.put_object(Bucket="wheels", Key=wheel.name, Body=wheel.read_bytes())
        )
        return f"s3://wheels/{wheel.name}"

    def set(self, name: str, value: str) -> None:
        """Change a setting of the first boot, as an operator does."""
        path = "/etc/cloudfail/first-boot.env"
        lines = self.machine.do("cat", path).splitlines()
        kept = [line for line in lines if not line.startswith(f"{name}=")]
        self.machine.write(path, "\n".join([*kept, f"{name}='{value}'", ""]))

    def boot(self, user_data: str) -> str:
        """Let the real cloud-init take the user data up; its own word for how that ended."""
        self.machine.write(f"{_SEED}/user-data", user_data)
        self.machine.write(f"{_SEED}/meta-data", "instance-id: i-1\nlocal-hostname: a\n")
        self.machine.write("/etc/cloud/cloud.cfg", _CLOUD_INIT)
        self.machine.do("rm", "-rf", "/etc/cloud/cloud.cfg.d")
        for stage_of_it in (["init", "--local"], ["init"], ["modules", "--mode=config"]):
            self.machine.do("cloud-init", *stage_of_it)
        self.machine.run("cloud-init", "modules", "--mode=final", seconds=300)
        return self.machine.run("cloud-init", "status", "--long").stdout

    def run(self) -> None:
        """Run the first boot again, by hand."""
        done = self.machine.run(PROGRAM, seconds=300)
        assert done.returncode == 0, done.stdout + done.stderr

    def last_line(self) -> str:
        return self.machine.do("tail", "-n1", f"/var/log/{PROGRAM}.log").strip()

    def _inside(self, call: Callable[[], Any]) -> Any:
        return in_network(self.nodes["a"].pid, call)


@contextmanager
def first_boot(folder: Path) -> Iterator[FirstBoot]:
    wheels = _wheels(folder / "index")
    with ExitStack() as stack:
        nodes = stack.enter_context(Nodes("ab"))
        network = nodes["a"].pid
        made = stage(WORLD, folder)
        cloud = in_network(network, made.__enter__)
        stack.callback(made.__exit__, None, None, None)
        index = _serving(stack, in_network(network, lambda: serve(wheels)))
        store = _serving(stack, in_network(network, secret_store))
        machine = stack.enter_context(Machine(network))
        _furnish(machine, in_network(network, lambda: cloud.environment("a")), store)

        def client(service: str) -> Any:
            return boto3.client(
                service,  # type: ignore[call-overload]
                region_name=cloud.built.region,
                endpoint_url=store,
                aws_access_key_id="x",
                aws_secret_access_key="x",
            )

        yield FirstBoot(machine, nodes, cloud, f"{index}/", wheels, client)


def _wheels(folder: Path) -> Path:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = [*project["dependencies"], *project["optional-dependencies"]["aws"]]
    for dist in needed_by(needs).values():
        pack(dist, folder)
    own = str(folder / "cloudfail")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", own]
    subprocess.run([*build, str(REPOSITORY)], check=True, capture_output=True)
    return folder


def secret_store() -> Any:
    """moto, as a server that is not serving yet."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, *args: Any) -> None:
            del args

    app = DomainDispatcherApplication(create_backend_app)
    return make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)


def _serving(stack: ExitStack, server: Any) -> str:
    """Serve until the end; where."""
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    stack.callback(server.server_close)
    stack.callback(thread.join, 30)
    stack.callback(server.shutdown)
    return f"http://127.0.0.1:{server.server_address[1]}"


def _furnish(machine: Machine, environment: dict[str, str], store: str) -> None:
    """A bare machine of the distribution, which finds its cloud by variables and keepalived by apt."""
    machine.do("rm", "-rf", "/opt/cloudfail", "/usr/local/bin/cloudfail", "/etc/apt/sources.list.d")
    repository("keepalived", machine.path("/srv"))
    machine.write("/etc/apt/sources.list", "deb [trusted=yes] file:///srv ./\n")
    machine.do("dpkg", "--purge", "--force-depends", "keepalived")
    aws = {name: value for name, value in environment.items() if name.startswith("AWS_")}
    aws |= {"AWS_ENDPOINT_URL_SECRETS_MANAGER": store, "AWS_ENDPOINT_URL_S3": store}
    aws |= {"AWS_METADATA_SERVICE_NUM_ATTEMPTS": "9"}
    machine.environment = {
        **aws,
        "FIRST_BOOT_TRIES": "2",
        "FIRST_BOOT_PAUSE": "1",
        "PIP_CONFIG_FILE": "/dev/null",  # where this machine has its own index
        "PIP_NO_COMPILE": "1",
    }
    lines = "".join(f"Environment={name}={value}\n" for name, value in aws.items())
    for unit in (UNIT, KEEPALIVED):
        machine.write(f"/etc/systemd/system/{unit}.d/cloud.conf", f"[Service]\n{lines}")
