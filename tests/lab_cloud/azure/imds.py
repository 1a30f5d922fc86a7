"""A client of the Instance Metadata Service, and a world to ask it about."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from cloudfail.lab.cloud.azure.world import (
    World,
    WorldConfig,
    WorldInterface,
    WorldNode,
    WorldPublicIp,
    WorldSubnet,
)

USER = "00000000-1ab0-4000-8000-0000000000c1"
ARM = "https://management.azure.com/"
BASIC, STANDARD = "203.0.113.9", "203.0.113.7"
PAIR = World(
    subnets=(
        WorldSubnet(name="one", cidr="10.0.1.0/24", ipv6="2001:db8:1::/64"),
        WorldSubnet(name="two", cidr="10.8.0.0/24"),
    ),
    nodes=(
        WorldNode(
            name="a",
            zone="1",
            client_ids=(USER,),
            interfaces=(
                WorldInterface(
                    configs=(
                        WorldConfig("10.0.1.10", "one", public_ip=STANDARD),
                        WorldConfig("10.0.1.100", "one", name="vip"),
                        WorldConfig("2001:db8:1::a", "one", name="six"),
                    )
                ),
                WorldInterface(configs=(WorldConfig("10.8.0.10", "two"),)),
            ),
        ),
        WorldNode(
            name="b",
            zone="",
            interfaces=(
                WorldInterface(configs=(WorldConfig("10.0.1.11", "one", public_ip=BASIC),)),
            ),
        ),
    ),
    public_ips=(
        WorldPublicIp(name="vip", address=STANDARD),
        WorldPublicIp(name="old", address=BASIC, sku="Basic"),
    ),
)


class Imds:
    """Asks one node's service."""

    def __init__(self, url: str) -> None:
        self._netloc = urlsplit(url).netloc

    def ask(
        self,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        method: str = "",
        **query: str,
    ) -> tuple[int, Any]:
        """Return the status, and what the JSON says, or the text."""
        named = {"api-version" if name == "api_version" else name: v for name, v in query.items()}
        link = http.client.HTTPConnection(self._netloc, timeout=20)
        target = f"/metadata/{quote(path)}?{urlencode(named)}"
        sent = {"Metadata": "true"} if headers is None else headers
        text = None if body is None else json.dumps(body)
        try:
            link.request(method or ("GET" if body is None else "POST"), target, text, sent)
            answer = link.getresponse()
            data = answer.read().decode()
        finally:
            link.close()
        is_json = "json" in (answer.headers["Content-Type"] or "") and data
        return answer.status, json.loads(data) if is_json else data

    def token(self, resource: str = ARM, **query: str) -> tuple[int, Any]:
        named: Any = {"api_version": "2018-02-01", "resource": resource, **query}
        return self.ask("identity/oauth2/token", **named)

    def events(self, version: str = "2020-07-01") -> tuple[int, Any]:
        return self.ask("scheduledevents", api_version=version)

    def start(self, *ids: str) -> int:
        asked = {"StartRequests": [{"EventId": one} for one in ids]}
        return self.ask("scheduledevents", asked, api_version="2020-07-01")[0]
