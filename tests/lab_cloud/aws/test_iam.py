from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import msgspec
import pytest
from cloudfail.errors import UsageError
from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.lab.cloud.aws.sessions import Session
from cloudfail.lab.cloud.aws.world import Built

from lab_cloud.aws.worlds import PAIR, VIP, code, refusal

ROLE = "arn:aws:iam::111122223333:role/tables"


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def document(*statements: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"Version": "2012-10-17", "Statement": list(statements)}]


@pytest.fixture
def session(cloud: EmbeddedAws, built: Built) -> Iterator[Session]:
    """Node a's credentials."""
    yield cloud.api.iam.sessions.of_node(built.nodes["a"].instance_id)
    cloud.relax_iam()


def client_of(
    cloud: EmbeddedAws, session: Session, service: str = "ec2", secret: str = "", token: str = ""
) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=cloud.endpoint,
        region_name="eu-central-1",
        aws_access_key_id=session.access_key,
        aws_secret_access_key=secret or session.secret_key,
        aws_session_token=token or session.token,
    )


@pytest.fixture
def node(cloud: EmbeddedAws, session: Session) -> Any:
    return client_of(cloud, session)


@pytest.fixture
def take(node: Any, built: Built, eni: dict[str, str]) -> Callable[[], Any]:
    """Associate the EIP with node c."""
    allocation = built.public_ips[VIP]
    return lambda: node.associate_address(AllocationId=allocation, NetworkInterfaceId=eni["c"])


def arns(built: Built, eni: dict[str, str]) -> list[str]:
    base = f"arn:aws:ec2:eu-central-1:{built.account}"
    return [
        f"{base}:elastic-ip/{built.public_ips[VIP]}",
        f"{base}:network-interface/{eni['c']}",
    ]


@pytest.mark.parametrize("action", ["ec2:AssociateAddress", ["ec2:Associate*"], "*"])
def test_an_allowed_action_is_done(
    cloud: EmbeddedAws, take: Callable[[], Any], action: Any
) -> None:
    cloud.enforce_iam(document(allow(action)))
    assert take()["AssociationId"]


@pytest.mark.parametrize(
    "statements",
    [
        (),
        (allow("ec2:DescribeAddresses"),),
        ({"Effect": "Allow", "NotAction": "ec2:AssociateAddress", "Resource": "*"},),
        (allow("ec2:*"), {"Effect": "Deny", "Action": "ec2:AssociateAddress", "Resource": "*"}),
    ],
)
def test_what_is_not_allowed_is_denied_and_not_done(
    cloud: EmbeddedAws, take: Callable[[], Any], statements: tuple[dict[str, Any], ...]
) -> None:
    cloud.enforce_iam(document(*statements))
    assert code(take) == "UnauthorizedOperation"
    assert cloud.changes == []


def test_a_policy_may_be_one_statement(cloud: EmbeddedAws, take: Callable[[], Any]) -> None:
    cloud.enforce_iam([{"Version": "2012-10-17", "Statement": allow("ec2:AssociateAddress")}])
    assert take()["AssociationId"]


def test_every_resource_of_the_call_must_be_allowed(
    cloud: EmbeddedAws, take: Callable[[], Any], built: Built, eni: dict[str, str]
) -> None:
    both = arns(built, eni)
    cloud.enforce_iam(document(allow("ec2:AssociateAddress", both)))
    assert take()["AssociationId"]
    for one in both:
        cloud.enforce_iam(document(allow("ec2:AssociateAddress", one)))
        error = refusal(take).response["Error"]
        assert error["Code"] == "UnauthorizedOperation"
        missing = both[0] if one == both[1] else both[1]
        assert f"ec2:AssociateAddress on resource: {missing}" in error["Message"]
        assert ":assumed-role/cloudfail-node/" in error["Message"]


def test_the_denied_call_is_logged_with_its_principal(
    cloud: EmbeddedAws, take: Callable[[], Any], session: Session
) -> None:
    cloud.enforce_iam(document())
    code(take)
    call = cloud.calls[-1]
    assert (call.code, call.status) == ("UnauthorizedOperation", 403)
    assert call.principal == session.arn


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"ec2:Region": "eu-central-1"}, True),
        ({"ec2:Region": "us-east-1"}, False),
        ({"aws:ResourceTag/Name": "t"}, True),
        ({"aws:ResourceTag/Name": "other"}, False),
        ({"aws:ResourceTag/Absent": "t"}, False),
    ],
)
def test_conditions_on_region_and_tags_hold(
    cloud: EmbeddedAws,
    node: Any,
    built: Built,
    eni: dict[str, str],
    condition: dict[str, str],
    allowed: bool,
) -> None:
    statement = allow("ec2:ReplaceRoute", Condition={"StringEquals": condition})
    cloud.enforce_iam(document(statement))
    params = {
        "RouteTableId": built.tables["t"],
        "DestinationCidrBlock": "10.99.0.0/16",
        "NetworkInterfaceId": eni["b"],
    }
    if allowed:
        node.replace_route(**params)
    else:
        assert code(node.replace_route, **params) == "UnauthorizedOperation"


def test_an_unmet_condition_leaves_other_statements_alone(
    cloud: EmbeddedAws, take: Callable[[], Any]
) -> None:
    unmet = allow("ec2:*", Condition={"StringEquals": {"ec2:Region": "us-east-1"}})
    cloud.enforce_iam(document(unmet, allow("ec2:AssociateAddress")))
    assert take()["AssociationId"]


def test_a_condition_that_cannot_be_judged_is_an_error(cloud: EmbeddedAws) -> None:
    statement = allow("ec2:*", Condition={"StringLike": {"ec2:Region": "eu-*"}})
    with pytest.raises(UsageError, match="StringLike"):
        cloud.enforce_iam(document(statement))


def test_unknown_credentials_and_wrong_secrets_are_refused(
    cloud: EmbeddedAws, session: Session, node: Any
) -> None:
    cloud.enforce_iam(document(allow("*")))
    node.describe_addresses()
    wrong = client_of(cloud, session, secret="wrong")
    assert code(wrong.describe_addresses) == "AuthFailure"
    stale = client_of(cloud, session, token="stale")
    assert code(stale.describe_addresses) == "AuthFailure"
    stranger = Session("AKIASTRANGER", "x", "y", "", "", "")
    assert code(client_of(cloud, stranger).describe_addresses) == "AuthFailure"
    sts = client_of(cloud, stranger, "sts")
    assert code(sts.get_caller_identity) == "InvalidClientTokenId"


def test_the_labs_own_client_may_do_everything(cloud: EmbeddedAws, ec2: Any) -> None:
    cloud.enforce_iam(document())
    ec2.describe_addresses()
    cloud.relax_iam()


def test_without_enforcement_any_credentials_do(cloud: EmbeddedAws) -> None:
    anybody = Session("AKIAANYBODY", "x", "y", "", "", "")
    client_of(cloud, anybody).describe_addresses()
    assert cloud.calls[-1].principal.endswith(":user/lab")


def test_a_caller_may_always_ask_who_it_is(cloud: EmbeddedAws, session: Session) -> None:
    cloud.enforce_iam(document())
    identity = client_of(cloud, session, "sts").get_caller_identity()
    assert identity["Arn"] == session.arn


def test_an_assumed_role_has_a_policy_of_its_own(
    cloud: EmbeddedAws, session: Session, node: Any, built: Built, eni: dict[str, str]
) -> None:
    cloud.enforce_iam(
        document(allow("sts:AssumeRole", ROLE)), {ROLE: document(allow("ec2:ReplaceRoute"))}
    )
    answer = client_of(cloud, session, "sts").assume_role(RoleArn=ROLE, RoleSessionName="cf")
    keys = answer["Credentials"]
    assumed = Session(
        keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], "", ROLE, ""
    )
    params = {
        "RouteTableId": built.tables["t"],
        "DestinationCidrBlock": "10.99.0.0/16",
        "NetworkInterfaceId": eni["b"],
    }
    client_of(cloud, assumed).replace_route(**params)
    assert cloud.calls[-1].principal == "arn:aws:sts::111122223333:assumed-role/tables/cf"
    assert code(node.replace_route, **params) == "UnauthorizedOperation"
    assert code(client_of(cloud, assumed).describe_addresses) == "UnauthorizedOperation"


def test_a_role_that_was_not_allowed_is_not_assumed(cloud: EmbeddedAws, session: Session) -> None:
    cloud.enforce_iam(document(allow("sts:AssumeRole", ROLE)))
    sts = client_of(cloud, session, "sts")
    other = ROLE.replace("tables", "other")
    assert code(sts.assume_role, RoleArn=other, RoleSessionName="cf") == "AccessDenied"
    answer = sts.assume_role(RoleArn=ROLE, RoleSessionName="cf")["Credentials"]
    assumed = Session(
        answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"], "", ROLE, ""
    )
    assert code(client_of(cloud, assumed).describe_addresses) == "UnauthorizedOperation"


def test_a_table_of_another_account_is_seen_only_with_that_accounts_credentials(
    running: EmbeddedAws,
) -> None:
    table = msgspec.structs.replace(PAIR.route_tables[0], account="111122223333")
    built = running.build(msgspec.structs.replace(PAIR, route_tables=(table,)))
    node = client_of(running, running.api.iam.sessions.of_node(built.nodes["a"].instance_id))
    params = {
        "RouteTableId": built.tables["t"],
        "DestinationCidrBlock": "10.99.0.0/16",
        "NetworkInterfaceId": built.nodes["b"].interface_id,
    }
    assert code(node.replace_route, **params) == "InvalidRouteTableID.NotFound"
    tables = [built.tables["t"]]
    assert code(node.describe_route_tables, RouteTableIds=tables) == "InvalidRouteTableID.NotFound"
    answer = running.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="cf")["Credentials"]
    owner = client_of(
        running,
        Session(
            answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"], "", "", ""
        ),
    )
    owner.replace_route(**params)
    assert [change.node for change in running.changes] == ["b"]
