"""The AWS module, applied by the real terraform over the replayed schemas.

What is made of each input, and what is refused, is asked in `terraform/aws/tests`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cloudfail.cli.main import main

from terraform.aws_cases import (
    CLAIMS,
    KEY,
    MADE,
    PRIVATE,
    PUBLIC,
    ROLE,
    ROUTES,
    SECRET,
    V6,
    inputs,
    pairs,
)
from terraform.stubs import MAJORS, Stub
from terraform.workspace import RefusedError, Workspace

Make = Callable[..., Workspace]
Values = dict[str, Any]
WHEEL = "cloudfail-0.1.0-py3-none-any.whl"


@pytest.fixture
def aws(stub: Callable[[str], Stub]) -> Stub:
    return stub(MAJORS["aws"][-1])


@pytest.fixture(params=MAJORS["aws"])
def either(request: pytest.FixtureRequest, stub: Callable[[str], Stub]) -> Stub:
    return stub(request.param)


def statements(document: str) -> dict[str, Values]:
    """The statements by Sid, with every resource as a list."""
    found: list[Values] = json.loads(document)["Statement"]
    assert len({one["Sid"] for one in found}) == len(found)
    return {one["Sid"]: {**one, "Resource": sorted(_many(one["Resource"]))} for one in found}


def _many(texts: str | list[str]) -> list[str]:
    return [texts] if isinstance(texts, str) else texts


def widened(document: str, interfaces: set[str]) -> dict[str, Values]:
    """The policy as cloudfail prints it, which knows neither the account nor the interfaces."""
    found = statements(document)
    for one in found.values():
        named = {arn.rpartition("/")[2] for arn in one["Resource"] if ":network-interface/" in arn}
        assert named in (set(), interfaces)
        wide = {arn.replace(":123456789012:", ":*:") for arn in one["Resource"]}
        kinds = {
            arn.rpartition("/")[0] + "/*" if ":network-interface/" in arn else arn for arn in wide
        }
        one["Resource"] = sorted(kinds)
    return found


def printed(path: Path, capsys: pytest.CaptureFixture[str]) -> Mapping[str, str]:
    """What `cloudfail policy aws` prints for a configuration: its documents by name."""
    capsys.readouterr()
    assert main(["policy", "aws", "--config", str(path), "--output", "json"]) == 0
    policies: dict[str, str] = json.loads(capsys.readouterr().out)["policies"]
    return policies


def test_a_node_may_do_what_cloudfail_prints_for_its_claims(
    aws: Stub, workspace: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = {name: inputs(claims, name=name) for name, claims in CLAIMS.items()}
    state = pairs(workspace, aws, cases).apply()
    applied = {
        address.split(".")[1]: values["policy"]
        for address, values in state.resources.items()
        if "aws_iam_role_policy.failover" in address
    }
    for name in CLAIMS:
        told = state.outputs[name]
        config = tmp_path / f"{name}.toml"
        config.write_text(told["cloudfail_toml"], encoding="utf-8")
        assert main(["config", "check", "--config", str(config)]) == 0, name
        documents = printed(config, capsys)
        interfaces = {node["network_interface_id"] for node in told["nodes"].values()}
        assert applied[name] == told["policy"]
        assert widened(told["policy"], interfaces) == statements(documents["write"]), name
        others = {arn: statements(text) for arn, text in told["assumed_policies"].items()}
        assert others == {
            arn: statements(text) for arn, text in documents.items() if arn.startswith("arn:")
        }
        assert set(others) == ({ROLE} if ROLE in told["cloudfail_toml"] else set())


def fail_over(aws: Stub) -> Iterator[tuple[str, str]]:
    """Everything is with the node that had nothing before; yields what was changed."""
    best, other = aws.objects("aws_network_interface")
    node = aws.one("aws_instance", id=aws.objects("aws_instance")[1]["id"])
    for route in aws.objects("aws_route"):
        aws.change("aws_route", route["id"], network_interface_id=other["id"], instance_id="i-0b")
        yield route["id"], best["id"]
    for eip in aws.objects("aws_eip"):
        taken = {"association_id": "eipassoc-0b", "instance": node["id"], "private_ip": "10.0.1.11"}
        aws.change("aws_eip", eip["id"], network_interface=other["id"], **taken)
        yield eip["id"], other["id"]
    seat = {"private_ips": ["10.0.1.11", "10.0.1.100"], "private_ips_count": 1}
    more = {"ipv6_addresses": [V6], "ipv6_address_count": 1}
    lists = {"private_ip_list": seat["private_ips"], "ipv6_address_list": [V6]}
    aws.change("aws_network_interface", other["id"], **seat, **more, **lists)
    public = {"public_ip": "203.0.113.7", "associate_public_ip_address": True}
    aws.change("aws_instance", node["id"], secondary_private_ips=["10.0.1.100"], **public, **more)
    yield node["id"], other["id"]


def test_a_failover_is_nothing_to_terraform_and_destroy_leaves_nothing(
    either: Stub, workspace: Make
) -> None:
    everything = inputs(
        CLAIMS["everything"],
        authentication={"type": "PASS", "secret": SECRET},
        decrypt_key_arns=[KEY],
        cloudfail={"wheel_url": f"s3://wheels/v/{WHEEL}"},
        endpoint_services=None,
        endpoint_route_table_ids=["rtb-0a"],
    )
    made = pairs(workspace, either, {"pair": everything})
    state = made.apply()
    assert made.plan().is_empty
    boot = statements(either.one("aws_iam_role_policy", name="first-boot")["policy"])
    assert {sid: (one["Action"], one["Resource"]) for sid, one in boot.items()} == {
        "ReadSecret": (["secretsmanager:GetSecretValue"], [SECRET]),
        "ReadWheel": (["s3:GetObject"], [f"arn:aws:s3:::wheels/v/{WHEEL}"]),
        "Decrypt": (["kms:Decrypt"], [KEY]),
    }
    # A version of the secret that Terraform read would be in its state.
    assert not [address for address in state.resources if "secret_version" in address]
    assert len(list(fail_over(either))) == 1 + 1 + 3
    plan = made.plan()
    assert plan.is_empty, plan.changes
    assert made.destroy().resources == {}
    assert either.objects() == []


def test_another_image_or_user_data_replaces_no_node(aws: Stub, workspace: Make) -> None:
    made = pairs(workspace, aws, {"pair": inputs(CLAIMS["private-ip"])})
    made.apply()
    aws.tell("aws_ami", id="ami-0new")
    changed = inputs(CLAIMS["private-ip"], first_boot=["echo more"])
    made.write("main_override.tf.json", json.dumps({"module": {"pair": changed}}))
    plan = made.plan()
    assert plan.is_empty, plan.changes
    node = 'module.pair.aws_instance.node["b"]'
    anew = made.plan(f"-replace={node}", f"-target={node}")
    assert anew.changes == {node: ["delete", "create"]}
    assert anew.after(node)["ami"] == "ami-0new"
    assert "echo more" in anew.after(node)["user_data"]


def test_a_changed_address_makes_the_interface_anew(aws: Stub, workspace: Make) -> None:
    made = pairs(workspace, aws, {"pair": inputs(CLAIMS["route"])})
    made.apply()
    moved = inputs(CLAIMS["route"])
    moved["nodes"]["b"]["address"] = "10.0.1.12"
    made.write("main_override.tf.json", json.dumps({"module": {"pair": moved}}))
    plan = made.plan()
    changes = plan.changes
    # What is ignored of an interface that stays is not ignored of a new one.
    assert plan.after('module.pair.aws_network_interface.node["b"]')["private_ips"] == ["10.0.1.12"]
    assert changes['module.pair.aws_network_interface.node["b"]'] == ["delete", "create"]
    assert not [name for name in changes if '["a"]' in name or "aws_route" in name]


def test_what_the_module_waits_for_makes_no_new_group_and_no_new_endpoint(
    aws: Stub, workspace: Make
) -> None:
    """With `depends_on` the VPC is read at apply: what is unknown of these would replace them."""
    services = {"endpoint_services": ["ssm", "s3"], "endpoint_route_table_ids": ["rtb-0a"]}
    waiting = inputs(CLAIMS["made"], session_manager=True, depends_on=["aws_vpc.other"], **services)
    made = pairs(workspace, aws, {"pair": waiting})
    other = {"cidr_block": "10.1.0.0/16", "tags": {"owner": "me"}}
    made.write("new.tf.json", json.dumps({"resource": {"aws_vpc": {"other": other}}}))
    made.apply()
    renamed = {"resource": {"aws_vpc": {"other": {**other, "tags": {"owner": "you"}}}}}
    made.write("new.tf.json", json.dumps(renamed))
    plan = made.plan()
    assert plan.changes.pop("aws_vpc.other") == ["update"]
    unknown = {
        (each["type"], name)
        for each in plan.told["resource_changes"]
        for name, value in each["change"]["after_unknown"].items()
        if value is True and each["mode"] == "managed"
    }
    # What of these changes is changed in place.
    assert unknown == {
        ("aws_iam_role", "assume_role_policy"),
        ("aws_iam_role_policy", "policy"),
        ("aws_vpc_endpoint", "subnet_ids"),
    }


def test_nodes_do_not_move_to_another_vpc(aws: Stub, workspace: Make) -> None:
    made = pairs(workspace, aws, {"pair": inputs(CLAIMS["private-ip"])})
    made.apply()
    aws.tell("aws_subnet", vpc_id="vpc-0b", cidr_block="10.0.1.0/24")
    with pytest.raises(RefusedError, match="are in vpc-0a, and their subnets of now are in vpc-0b"):
        made.plan()


def test_what_goes_from_the_inputs_takes_nothing_else_with_it(aws: Stub, workspace: Make) -> None:
    rules = [{"protocol": "tcp", "from_port": port, "cidr": "10.0.0.0/16"} for port in (80, 443)]
    made = pairs(workspace, aws, {"pair": inputs([PRIVATE, MADE, ROUTES], ingress=rules)})
    made.apply()
    less = {**ROUTES, "tables": ROUTES["tables"][1:]}
    changed = inputs([less, MADE, PRIVATE], ingress=rules[1:])
    made.write("main_override.tf.json", json.dumps({"module": {"pair": changed}}))
    assert made.plan().changes == {
        'module.pair.aws_route.claim["10.99.0.0/16 rtb-0b"]': ["delete"],
        'module.pair.aws_vpc_security_group_ingress_rule.extra["tcp 80 80 10.0.0.0/16"]': [
            "delete"
        ],
        "module.pair.aws_iam_role_policy.failover[0]": ["update"],
    }


def test_what_is_made_in_the_same_apply_can_be_claimed(aws: Stub, workspace: Make) -> None:
    text = {
        "resource": {
            "aws_vpc": {"new": {"cidr_block": "10.0.0.0/16"}},
            "aws_eip": {"new": {"domain": "vpc"}},
            "aws_route_table": {"new": {"vpc_id": "${aws_vpc.new.id}"}},
            "aws_secretsmanager_secret": {"new": {"name": "edge"}},
            "aws_s3_bucket": {"new": {"bucket_prefix": "wheels"}},
        },
        "data": {"aws_ssm_parameter": {"image": {"name": "/aws/service/ami/al2023"}}},
    }
    seated = {"kind": "public-ip", "private_address": "10.0.1.100"}
    claims: list[Values] = [
        {**seated, "resource_id": "${aws_eip.new.id}", "address": "${aws_eip.new.public_ip}"},
        {"kind": "private-ip", "address": "10.0.1.100"},
        {"kind": "private-ip", "address": "${cidrhost(aws_vpc.new.ipv6_cidr_block, 256)}"},
        {"kind": "route", "destination": "10.99.0.0/16", "tables": ["new"]},
    ]
    tables = {"route_tables": {"new": "${aws_route_table.new.id}"}}
    secret = {"type": "PASS", "secret": "${aws_secretsmanager_secret.new.arn}"}
    wheel = {"wheel_url": f"s3://${{aws_s3_bucket.new.bucket}}/{WHEEL}"}
    # Sensitive, as Terraform has it.
    more = {"cloudfail": wheel, "image_id": "${data.aws_ssm_parameter.image.value}", **tables}
    made = pairs(workspace, aws, {"pair": inputs(claims, authentication=secret, **more)})
    made.write("new.tf.json", json.dumps(text))
    aws.tell("aws_ssm_parameter", value="ami-0a")
    told = made.apply().outputs["pair"]["policy"]
    (eip,), (table,) = aws.objects("aws_eip"), aws.objects("aws_route_table")
    (bucket,), boot = (
        aws.objects("aws_s3_bucket"),
        aws.one("aws_iam_role_policy", name="first-boot"),
    )
    (read,) = statements(boot["policy"])["ReadWheel"]["Resource"]
    assert read == f"arn:aws:s3:::{bucket['bucket']}/{WHEEL}"
    assert {node["ami"] for node in aws.objects("aws_instance")} == {"ami-0a"}
    assert statements(told)["AssociateAddressElasticIp"]["Resource"][0].endswith(eip["id"])
    assert statements(told)["ReplaceRoute"]["Resource"][0].endswith(table["id"])
    assert made.plan().is_empty


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"claims": [{"kind": "forwarding-rule"}]}, "aws has no kind"),
        ({"claims": [{"kind": "private-ip", "address": "10.0.2.100"}]}, "outside 10.0.1.0/24"),
        ({"virtual_router_id": 256}, "whole number from 1 to 255"),
        (
            {"claims": [{**PUBLIC, "address": "203.0.113.9"}]},
            "eipalloc-0a is 203.0.113.7, not 203.0.113.9",
        ),
        ({"authentication": {"type": "PASS", "secret": "hunter2"}}, "never the secret itself"),
    ],
)
def test_what_the_configuration_refuses_is_refused_before_anything_is_made(
    aws: Stub, workspace: Make, change: Values, sentence: str
) -> None:
    made = pairs(workspace, aws, {"pair": {**inputs(CLAIMS["private-ip"]), **change}})
    with pytest.raises(RefusedError, match=sentence):
        made.plan()
