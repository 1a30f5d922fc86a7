"""Google's own client of Compute, and plain HTTP beside it."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import compute_v1
from google.oauth2.credentials import Credentials

from lab_cloud.gcp.worlds import ZONES


class Compute:
    """Every client of google-cloud-compute that these tests use, with one token."""

    def __init__(self, endpoint: str, token: str = "anybody") -> None:
        self._known: dict[Any, Any] = {}
        self._options = ClientOptions(api_endpoint=endpoint)
        self._credentials = Credentials(token=token)  # type: ignore[no-untyped-call]

    def __call__(self, kind: Any) -> Any:
        if kind not in self._known:
            self._known[kind] = kind(credentials=self._credentials, client_options=self._options)
        return self._known[kind]

    @property
    def instances(self) -> Any:
        return self(compute_v1.InstancesClient)

    @property
    def routes(self) -> Any:
        return self(compute_v1.RoutesClient)

    @property
    def rules(self) -> Any:
        return self(compute_v1.ForwardingRulesClient)

    def wait(self, operation: Any, project: str) -> Any:
        """Wait for an operation of any scope."""
        scope = {"project": project, "operation": operation.name}
        if operation.zone:
            client = self(compute_v1.ZoneOperationsClient)
            return client.wait(zone=operation.zone.rpartition("/")[2], **scope)
        if operation.region:
            client = self(compute_v1.RegionOperationsClient)
            return client.wait(region=operation.region.rpartition("/")[2], **scope)
        return self(compute_v1.GlobalOperationsClient).wait(**scope)


class Machine:
    """The calls about one instance's interface, each waited for."""

    def __init__(self, compute: Compute, project: str, name: str, nic: str = "nic0") -> None:
        self._compute = compute
        self._where = {"project": project, "zone": ZONES[name], "instance": name}
        self._project, self._nic = project, nic

    @property
    def interface(self) -> Any:
        found = self._compute.instances.get(**self._where)
        return next(nic for nic in found.network_interfaces if nic.name == self._nic)

    @property
    def aliases(self) -> list[str]:
        return [item.ip_cidr_range for item in self.interface.alias_ip_ranges]

    def alias(self, *ranges: str, fingerprint: str = "", name: str = "", **extra: Any) -> Any:
        items = [{"ip_cidr_range": r, "subnetwork_range_name": name} for r in ranges]
        given = fingerprint or self.interface.fingerprint
        resource = {"fingerprint": given, "alias_ip_ranges": items}
        return self.call("update_network_interface", network_interface_resource=resource, **extra)

    def add(self, value: str = "", **config: Any) -> Any:
        given = {"nat_i_p": value} if value else {}
        return self.call("add_access_config", access_config_resource={**given, **config})

    def delete(self, name: str) -> Any:
        return self.call("delete_access_config", access_config=name)

    def call(self, method: str, **params: Any) -> Any:
        client = self._compute.instances
        where = {**self._where, "network_interface": self._nic}
        fields = {name: params.pop(name) for name in ("request_id",) if name in params}
        request = {**where, **params, **fields}
        began = getattr(client, f"{method}_unary")(request=request)
        return self._compute.wait(began, self._project)


def refusal(call: Any, *args: Any, **params: Any) -> GoogleAPICallError:
    """Call, and return the error that has to come."""
    with pytest.raises(GoogleAPICallError) as caught:
        call(*args, **params)
    return caught.value


def reason(call: Any, *args: Any, **params: Any) -> tuple[int, str]:
    """HTTP status and reason of a call that has to be refused."""
    error = refusal(call, *args, **params)
    return int(error.code or 0), str(error.errors[0]["reason"])


def error_of(operation: Any) -> str:
    """The error code inside of a finished operation."""
    return str(operation.error.errors[0].code)


def ask(
    cloud: EmbeddedGcp,
    verb: str,
    path: str,
    body: Any = None,
    *,
    token: str = "anybody",
    **query: Any,
) -> tuple[int, Any]:
    """Send one plain HTTP request; return status and JSON."""
    link = http.client.HTTPConnection(urlsplit(cloud.endpoint).netloc, timeout=20)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    text = f"/compute/v1/{path}?{urlencode(query)}" if query else f"/compute/v1/{path}"
    link.request(verb, text, None if body is None else json.dumps(body), headers)
    answer = link.getresponse()
    status, content = answer.status, json.loads(answer.read())
    link.close()
    return status, content
