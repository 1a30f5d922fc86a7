"""The discovery document: whichever side breaks it, the call fails and the words are kept."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from cloudfail.errors import ProviderMissingError
from cloudfail.lab.cloud.gcp import contract
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.schema import Schemas
from cloudfail.lab.cloud.gcp.store import Store

from lab_cloud.gcp.clients import ask
from lab_cloud.gcp.worlds import PAIR

SCHEMAS = Schemas(
    {
        "Thing": {
            "type": "object",
            "properties": {
                "name": {
                    "type": "string",
                    "pattern": "[a-z]+",
                    "annotations": {"required": ["things.insert"]},
                },
                "tier": {"type": "string", "enum": ["LOW", "HIGH"]},
                "hash": {"type": "string", "format": "byte"},
                "id": {"type": "string", "format": "uint64"},
                "size": {"type": "integer", "format": "uint32"},
                "ratio": {"type": "number"},
                "on": {"type": "boolean"},
                "parts": {"type": "array", "items": {"$ref": "Thing"}},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        }
    }
)
THING = {"$ref": "Thing"}


def problems(value: Any, method: str = "") -> list[str]:
    return list(SCHEMAS.check(THING, value, method))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "body: expected an object, got []"),
        ({"nmae": "a"}, 'Unknown name "nmae" at "body": Cannot find field.'),
        ({"name": 1}, "name: expected a string, got 1"),
        ({"tier": "MIDDLE"}, "tier: 'MIDDLE' is not one of LOW, HIGH"),
        ({"hash": "a"}, "hash: 'a' is not base64"),
        ({"id": 1}, "id: expected uint64, got 1"),
        ({"id": "-1"}, "id: -1 is outside of uint64"),
        ({"size": "1"}, "size: expected uint32, got '1'"),
        ({"size": True}, "size: expected uint32, got True"),
        ({"size": 2**32}, "size: 4294967296 is outside of uint32"),
        ({"ratio": "1"}, "ratio: expected a number, got '1'"),
        ({"on": "true"}, "on: expected a boolean, got 'true'"),
        ({"parts": {}}, "parts: expected an array, got {}"),
        ({"parts": [{}, {"on": 1}]}, "parts[1].on: expected a boolean, got 1"),
        ({"labels": {"a": 1}}, "labels.a: expected a string, got 1"),
    ],
)
def test_a_value_that_breaks_its_schema_is_described(value: Any, words: str) -> None:
    assert problems(value) == [words]


def test_what_fits_is_silent() -> None:
    thing = {"name": "a", "tier": "LOW", "hash": "-_8=", "id": "18446744073709551615", "ratio": 1}
    assert problems({**thing, "parts": [thing], "labels": {"any": "thing"}, "on": False}) == []


def test_only_requests_are_held_to_patterns_and_required_fields() -> None:
    assert problems({"name": "A", "id": "1"}) == []
    assert problems({"id": 1, "name": "A"}, "things.insert") == ["name: 'A' does not match [a-z]+"]
    assert problems({}, "things.insert") == ["Required field 'name' not specified"]


@pytest.fixture(scope="module")
def broken() -> Iterator[EmbeddedGcp]:
    with EmbeddedGcp() as cloud:
        yield cloud


INSTANCES = "projects/lab-project/zones/europe-west1-b/instances"


@pytest.mark.parametrize(
    ("verb", "path", "body", "query", "words"),
    [
        ("GET", f"{INSTANCES}/a", None, {"fiels": "x"}, 'Unknown name "fiels"'),
        ("GET", f"{INSTANCES}/A_", None, {}, "instance: 'A_' does not match"),
        ("GET", INSTANCES, None, {"maxResults": "x"}, "maxResults: expected an integer"),
        ("POST", f"{INSTANCES}/a/addAccessConfig", {}, {}, "'networkInterface' not specified"),
        (
            "POST",
            f"{INSTANCES}/a/addAccessConfig",
            {"type": "ONE_TO_TWO_NAT"},
            {"networkInterface": "nic0"},
            "'ONE_TO_TWO_NAT' is not one of",
        ),
        ("POST", "projects/lab-project/global/routes", {}, {}, "Required field 'name'"),
        ("DELETE", "projects/lab-project/global/routes/to-a", {"a": 1}, {}, "takes no body"),
    ],
)
def test_a_request_that_breaks_the_contract_fails_loudly(
    broken: EmbeddedGcp, verb: str, path: str, body: Any, query: dict[str, str], words: str
) -> None:
    broken.build(PAIR)
    status, answer = ask(broken, verb, path, body, **query)
    assert status == 500
    assert words in answer["error"]["message"]
    assert len(broken.violations) == 1
    assert words in broken.violations[0]
    assert broken.changes == []


def test_an_answer_that_breaks_the_contract_fails_as_loudly(broken: EmbeddedGcp) -> None:
    built = broken.build(PAIR)

    def spoil(store: Store) -> None:
        instance = store.edit(built.nodes["a"].instance)
        instance["status"] = "WALKING"
        store.put(built.nodes["a"].instance, instance)

    broken.api.apply(spoil)
    status, answer = ask(broken, "GET", f"{INSTANCES}/a")
    assert status == 500
    assert "status: 'WALKING' is not one of" in answer["error"]["message"]
    assert broken.violations == [answer["error"]["message"].removeprefix("Contract violated: ")]


def test_a_path_and_a_body_that_are_none_are_violations_too(broken: EmbeddedGcp) -> None:
    broken.build(PAIR)
    assert ask(broken, "GET", "projects/lab-project/planets")[0] == 404
    import http.client
    from urllib.parse import urlsplit

    link = http.client.HTTPConnection(urlsplit(broken.endpoint).netloc, timeout=20)
    link.request("POST", "/compute/v1/projects/lab-project/global/routes", "{")
    assert link.getresponse().status == 500
    link.close()
    assert [words.partition(":")[0] for words in broken.violations] == [
        "GET /compute/v1/projects/lab-project/planets",
        "routes.insert",
    ]


def test_without_the_document_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "googleapiclient", None)
    monkeypatch.setattr(contract, "load_contract", contract.load_contract.__wrapped__)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ProviderMissingError, match=r"pip install 'cloudfail\[lab\]'"):
        contract.load_contract()
