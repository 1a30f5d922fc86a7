"""Microsoft's own client, and plain HTTPS beside it."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
import pytest
from azure.core.credentials import AccessTokenInfo
from azure.core.exceptions import HttpResponseError
from azure.mgmt.network import NetworkManagementClient
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure

VERSION = "2024-05-01"
AUTHORIZATION = "2022-04-01"


class Token:
    """A credential of one token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token_info(self, *_scopes: str, **_options: Any) -> AccessTokenInfo:
        return AccessTokenInfo(self._token, int(time.time()) + 3600)

    get_token = get_token_info


def client_of(cloud: EmbeddedAzure, token: str = "anybody") -> NetworkManagementClient:
    return NetworkManagementClient(
        Token(token),  # type: ignore[arg-type]
        cloud.built.subscription,
        base_url=cloud.endpoint,
        connection_verify=cloud.ca_file,
        credential_scopes=["https://management.azure.com/.default"],
        retry_total=0,
        polling_interval=0.02,
    )


def refusal(call: Any, *args: Any, **params: Any) -> tuple[int, str]:
    """Call the SDK; return the status and the innermost code of the error that has to come."""
    with pytest.raises(HttpResponseError) as caught:
        call(*args, **params)
    error: Any = caught.value.error
    inner = (error.details or [error])[0]
    return int(caught.value.status_code or 0), str(inner.code)


class Answered(msgspec.Struct, frozen=True):
    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        """The innermost code of a refusal."""
        error = self.body["error"]
        return str((error["details"] or [error])[0]["code"])


def ask(
    cloud: EmbeddedAzure,
    verb: str,
    path: str,
    body: Any = None,
    *,
    token: str = "anybody",
    headers: Mapping[str, str] | None = None,
    **query: str,
) -> Answered:
    """Send one plain request."""
    trusted = ssl.create_default_context(cafile=cloud.ca_file)
    link = http.client.HTTPSConnection(urlsplit(cloud.endpoint).netloc, context=trusted, timeout=20)
    sent = {"Authorization": f"Bearer {token}"} if token else {}
    text = None if body is None else json.dumps(body)
    sent |= {} if body is None else {"Content-Type": "application/json"}
    asked = urlencode(
        {"api-version": VERSION, **{k.replace("_", "-"): v for k, v in query.items()}}
    )
    joined = path if "?" in path else f"{path}?{asked}"
    link.request(verb, joined, text, {**sent, **(headers or {})})
    answer = link.getresponse()
    data = answer.read()
    link.close()
    lowered = {name.lower(): value for name, value in answer.getheaders()}
    return Answered(answer.status, json.loads(data) if data else None, lowered)


class Nic:
    """One interface as JSON: read whole, changed, written whole."""

    def __init__(self, cloud: EmbeddedAzure, node: str) -> None:
        self._cloud = cloud
        self.id = cloud.built.nodes[node].interface_id

    def get(self) -> Any:
        return ask(self._cloud, "GET", self.id).body

    def put(self, document: Any, etag: str = "", **headers: str) -> Answered:
        sent = {**({"If-Match": etag} if etag else {}), **headers}
        return ask(self._cloud, "PUT", self.id, document, headers=sent)

    def config(self, document: Any, name: str) -> Any:
        for item in document["properties"]["ipConfigurations"]:
            if item["name"] == name:
                return item["properties"]
        raise KeyError(name)

    def attach(self, public: str, name: str = "ipconfig1") -> Answered:
        document = self.get()
        self.config(document, name)["publicIPAddress"] = {"id": public}
        return self.put(document)

    def detach(self, name: str = "ipconfig1") -> Answered:
        document = self.get()
        self.config(document, name).pop("publicIPAddress", None)
        return self.put(document)

    def drop(self, name: str) -> Answered:
        document = self.get()
        configs = document["properties"]["ipConfigurations"]
        configs[:] = [item for item in configs if item["name"] != name]
        return self.put(document)

    def add(self, address: str, subnet: str, name: str = "new", **properties: Any) -> Answered:
        document = self.get()
        first = document["properties"]["ipConfigurations"][0]["properties"]
        made = {
            "privateIPAddress": address,
            "privateIPAllocationMethod": "Static",
            "subnet": {"id": subnet},
            # All of an interface are in the same ones.
            "applicationSecurityGroups": first.get("applicationSecurityGroups", []),
            **properties,
        }
        document["properties"]["ipConfigurations"].append({"name": name, "properties": made})
        return self.put(document)
