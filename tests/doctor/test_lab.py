"""`cloudfail doctor` on real keepalived nodes with an embedded AWS, before and after something breaks."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from cloudfail.clock import SystemClock
from cloudfail.lab import root

pytestmark = [pytest.mark.netns, pytest.mark.sweep]

Lab = Callable[..., Any]
Found = list[dict[str, Any]]
NAME = f"doctor-{os.getpid()}"
API = "http://10.0.0.2:4566"
CONFIG = "/etc/cloudfail/cloudfail.toml"
CONF = "/etc/cloudfail/keepalived.conf"
EIP = "public-ip 203.0.113.7"
PATIENCE = 60.0
QUIET = "--no-adverts"
SIGNED = "AWS4-HMAC-SHA256 Credential=lab/20260101/eu-central-1/ec2/aws4_request"
SIGNED += ", SignedHeaders=host, Signature=0"
# What hangs is given up after a second, not five: only doctor itself, not what it starts.
QUICKLY = """
from cloudfail.cli import main
from cloudfail.doctor import time_of_day
from cloudfail_aws import sdk
sdk.READ_SECONDS = time_of_day._SECONDS = 1
main.entry()
"""
IMPATIENT = (f"{root.VENV}/bin/python", "-c", QUICKLY)


class Pair:
    """The nodes a and b; `sh` runs a line of shell on one, `doctor` gives what it found there."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def sh(self, node: str, line: str) -> str:
        done = self.lab("exec", "--name", NAME, node, "--", "sh", "-c", line)
        assert done.code == 0, (line, done.stdout, done.stderr)
        out: str = done.stdout
        return out

    def doctor(self, node: str, *words: str, command: Sequence[str] = ("cloudfail",)) -> Found:
        line = (*command, "doctor", "--output", "json", *words)
        done = self.lab("exec", "--name", NAME, node, "--", *line)
        assert done.code in {0, 1}, (done.stdout, done.stderr)
        document = json.loads(done.stdout)
        assert document["exit_code"] == done.code
        checks: Found = document["checks"]
        assert (done.code == 1) == any(one["status"] == "failed" for one in checks)
        assert not any("broke down" in one["message"] for one in checks), checks
        return checks

    def ec2(self, action: str, **params: str) -> str:
        """Make a call of the API, as somebody at a console would."""
        words = {"Action": action, "Version": "2016-11-15", **params}
        body = "&".join(f"{name}={value}" for name, value in words.items())
        return self.sh("a", f"curl -fsS {API}/ -H 'Authorization: {SIGNED}' -d '{body}'")

    def deed(self, *words: str) -> None:
        verb, *rest = words
        assert self.lab(verb, "--name", NAME, *rest).code == 0

    @contextmanager
    def faults(self, **faults: Any) -> Iterator[None]:
        self._set(faults)
        try:
            yield
        finally:
            self._set({})

    @contextmanager
    def config(self, node: str, pattern: str, text: str) -> Iterator[None]:
        """Replace in cloudfail.toml, for a while."""
        before = self.sh(node, f"cat {CONFIG}")
        after = re.sub(pattern, text, before)
        assert after != before
        self._write(node, after)
        try:
            yield
        finally:
            self._write(node, before)

    def await_holder(self, node: str) -> None:
        clock = SystemClock()
        until = clock.now() + PATIENCE
        while True:
            found = self.lab("status", "--name", NAME, "--output", "json").document
            calm = not any(one["busy"] for one in found["nodes"])
            if calm and {claim["holder"] for claim in found["claims"]} == {node}:
                return
            assert clock.now() < until, found
            clock.sleep(0.1)

    def _set(self, faults: dict[str, Any]) -> None:
        self.sh("a", f"curl -fsS -XPOST {API}/_lab/faults -d '{json.dumps(faults)}'")

    def _write(self, node: str, text: str) -> None:
        self.sh(node, f"cat > {CONFIG} <<'END'\n{text}\nEND")


@pytest.fixture(scope="module")
def pair(real_lab: Lab) -> Iterator[Pair]:
    started = real_lab("up", "--name", NAME, "--advert-int", "0.25")
    assert started.code == 0, started.stderr
    try:
        made = Pair(real_lab)
        made.await_holder("a")
        yield made
    finally:
        real_lab("down", "--name", NAME)


def of(checks: Found, subject: str) -> dict[str, Any]:
    found = [one for one in checks if one["subject"] == subject]
    assert found, [one["subject"] for one in checks]
    return found[0]


def failed(checks: Found) -> dict[str, str]:
    return {one["subject"]: one["message"] for one in checks if one["status"] == "failed"}


def test_on_a_healthy_pair_nothing_fails_and_each_node_says_what_it_proves(pair: Pair) -> None:
    with ThreadPoolExecutor() as at_once:
        a, b = at_once.map(pair.doctor, ("a", "b"))
    assert (failed(a), failed(b)) == ({}, {})
    assert "not proven here; run doctor on the backups" in of(a, "adverts")["message"]
    assert "a (10.0.1.10) is master, and " in of(b, "adverts")["message"]
    assert (of(a, "role")["message"][:6], of(b, "role")["message"][:6]) == ("MASTER", "BACKUP")
    assert of(b, EIP)["message"].startswith("is with a (eni-")
    assert of(b, "holders")["message"] == "every claim that the cloud shows is with the master, a"
    assert "the API answered after" in of(b, "/usr/local/bin/cloudfail as root")["message"]
    in_force = ("generated files", "kernel settings", "clock")
    assert {of(node, subject)["status"] for node in (a, b) for subject in in_force} == {"ok"}
    assert any("DryRun" in one["message"] for one in b)
    assert any(one["subject"].startswith("way of eni-") for one in b)


def test_an_api_that_hangs_ends_at_the_deadline_and_the_rest_is_looked_at(pair: Pair) -> None:
    with pair.faults(latency_ms=8_000):
        found = pair.doctor("b", "--deadline", "0.5", command=IMPATIENT)
    said = failed(found)
    assert set(said) == {"cloud", "/usr/local/bin/cloudfail as root"}
    assert all("in time" in text for text in said.values())
    assert of(found, "adverts")["status"] == "ok"


def test_without_metadata_the_identity_fails_and_credentials_are_not_claimed(pair: Pair) -> None:
    with pair.faults(metadata_down=True):
        found = pair.doctor("b", "--deadline", "1", QUIET)
    assert "metadata service" in failed(found)["identity"]
    assert of(found, "credentials")["status"] == "warning"


def test_everything_that_is_wrong_is_told_at_once(pair: Pair) -> None:
    """An Elastic IP that does not exist, a denied call, a check that is on, a file edited by hand."""
    own = re.search(r'name = "b"\n(?:.+\n)*?interface_id = "(.+)"', pair.sh("b", f"cat {CONFIG}"))
    assert own is not None
    check = {"NetworkInterfaceId": own[1], "SourceDestCheck.Value": "true"}
    pair.ec2("ModifyNetworkInterfaceAttribute", **check)
    pair.sh("b", f"cp {CONF} /tmp/conf; sed -i 's/priority 100/priority 99/' {CONF}")
    try:
        with (
            pair.config("b", r"203\.0\.113\.7", "203.0.113.99"),
            pair.faults(deny=["ReplaceRoute"]),
        ):
            said = failed(pair.doctor("b", QUIET))
    finally:
        pair.ec2("ModifyNetworkInterfaceAttribute", **{**check, "SourceDestCheck.Value": "false"})
        pair.sh("b", f"cat /tmp/conf > {CONF}")
    assert said.pop(CONF) == "is not what cloudfail.toml says"
    assert said.pop("public-ip 203.0.113.99").startswith("no Elastic IP 203.0.113.99")
    assert said.pop(own[1]).startswith("the source/destination check is on")
    ((subject, text),) = said.items()
    assert subject.startswith("ReplaceRoute on rtb-")
    assert "is not allowed for these credentials" in text


def test_a_proxy_of_ones_own_login_does_not_hide_what_keepalived_reaches(pair: Pair) -> None:
    proxied = ("env", "http_proxy=http://127.0.0.1:9", "no_proxy=169.254.169.254", "cloudfail")
    found = pair.doctor("b", "--deadline", "1", QUIET, command=proxied)
    assert "cloud" in failed(found)
    assert of(found, "/usr/local/bin/cloudfail as root")["status"] == "ok"


def test_an_ordinary_user_is_told_what_only_root_sees_and_fails_nothing(pair: Pair) -> None:
    ordinary = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "cloudfail")
    found = pair.doctor("b", command=ordinary)
    assert failed(found) == {}
    assert of(found, EIP)["status"] == "ok"
    assert "only root can become root" in of(found, "journal")["message"]
    assert "CAP_NET_RAW" in of(found, "adverts")["message"]


def test_a_claim_that_is_not_with_the_master_fails(pair: Pair) -> None:
    listed = pair.ec2("DescribeAddresses")
    association = re.search(r"<associationId>(.+?)</associationId>", listed)
    assert association is not None
    pair.ec2("DisassociateAddress", AssociationId=association[1])
    said = failed(pair.doctor("b"))
    assert said == {EIP: "a is master, and the claim is with nobody"}
    pair.sh("a", "cloudfail promote --instance edge")
    pair.await_holder("a")


def test_two_masters_that_do_not_hear_each_other_each_see_a_claim_astray(pair: Pair) -> None:
    pair.deed("cut", "a", "b")
    pair.await_holder("b")
    said = failed(pair.doctor("a"))
    assert said[EIP] == "this node is master, and the claim is with b"
    pair.deed("heal")
    pair.await_holder("a")


def test_a_node_in_fault_says_so(pair: Pair) -> None:
    pair.deed("cut", "b")
    found = pair.doctor("b", "--no-cloud")
    said = failed(found)
    assert said["device"] == "eth0 has no carrier: keepalived is in FAULT"
    assert said["role"].startswith("FAULT, since")
    assert said["adverts"].startswith("nobody was heard")
    pair.deed("heal")


def test_a_keepalived_that_does_not_run_is_told(pair: Pair) -> None:
    pair.sh("b", "kill $(cat /run/keepalived.pid); while test -e /run/keepalived.pid; do :; done")
    found = pair.doctor("b", "--no-cloud")
    assert of(found, "keepalived")["status"] == "warning"
    assert of(found, "adverts")["status"] == "ok"
    assert not any(one["subject"] == "role" for one in found)
