"""What is claimed in each sweep, and the world that it happens in."""

from __future__ import annotations

from collections.abc import KeysView, Mapping

import msgspec
from cloudfail.lab.cloud.aws.world import (
    Built,
    Subnet,
    World,
    WorldNode,
    WorldPrivateIp,
    WorldPublicIp,
    WorldTable,
)

EIP, EIP_ON_SECONDARY = "203.0.113.7", "203.0.113.8"
PRIVATE_4, PRIVATE_6 = "10.0.1.100", "2001:db8:1:1::100"
ROUTE_4, ROUTE_6 = "10.99.0.0/16", "2001:db8:99::/48"
OLD, NEW, THIRD = "a", "b", "c"

WORLD = World(
    vpc_ipv6="2001:db8:1::/56",
    subnets=(Subnet("10.0.1.0/24", ipv6="2001:db8:1:1::/64"),),
    nodes=(
        WorldNode(
            OLD,
            "10.0.1.10",
            "10.0.1.0/24",
            ipv6="2001:db8:1:1::10",
            private_ips=("10.0.1.11",),
        ),
        WorldNode(
            NEW,
            "10.0.1.20",
            "10.0.1.0/24",
            ipv6="2001:db8:1:1::20",
            private_ips=("10.0.1.21",),
        ),
        WorldNode(THIRD, "10.0.1.40", "10.0.1.0/24", ipv6="2001:db8:1:1::40"),
        WorldNode("bystander", "10.0.1.30", "10.0.1.0/24", own_public_ip="198.51.100.30"),
    ),
    private_ips=(
        WorldPrivateIp(PRIVATE_4, holder=OLD),
        WorldPrivateIp(PRIVATE_6, holder=OLD),
        WorldPrivateIp("10.0.1.101", holder=OLD),
        WorldPrivateIp("2001:db8:1:1::101", holder=OLD),
    ),
    public_ips=(
        WorldPublicIp(EIP, holder=OLD),
        WorldPublicIp(EIP_ON_SECONDARY, holder=OLD, private_address=PRIVATE_4),
        WorldPublicIp("198.51.100.11", holder=OLD, private_address="10.0.1.11"),
        WorldPublicIp("198.51.100.21", holder=NEW, private_address="10.0.1.21"),
        WorldPublicIp("198.51.100.99"),
    ),
    route_tables=(
        WorldTable(
            "one",
            routes=(
                (ROUTE_4, OLD),
                (ROUTE_6, OLD),
                ("10.98.0.0/16", OLD),
                ("10.97.0.0/16", NEW),
                ("2001:db8:98::/48", OLD),
            ),
        ),
        WorldTable("two", routes=((ROUTE_4, OLD), ("10.96.0.0/16", "bystander"))),
        WorldTable("three", routes=((ROUTE_4, "bystander"), (ROUTE_6, "bystander"))),
        WorldTable("empty"),
    ),
)


class Case(msgspec.Struct, frozen=True):
    """`claims` is TOML of `[[instance.edge.claim]]` tables; `{one}` stands for a table's id.

    `moves` are the keys of a snapshot that have to change, with the private address or the
    words that follow the interface's id there.
    """

    name: str
    claims: str
    moves: Mapping[tuple[str, str], str]

    def toml(self, built: Built) -> str:
        return self.claims.format(**built.tables)

    def goal(self, built: Built, node: str) -> dict[tuple[str, str], str]:
        """Say what a snapshot has to show once `node` owns every claim."""
        interface = built.nodes[node].interface_id
        primary = built.nodes[node].address
        return {
            (kind, target.format(**built.tables)): f"{interface} {rest.format(primary=primary)}"
            for (kind, target), rest in self.moves.items()
        }

    def moves_in(self, built: Built) -> KeysView[tuple[str, str]]:
        """Return the keys of a snapshot that change."""
        return self.goal(built, NEW).keys()


def _claim(kind: str, **keys: str) -> str:
    lines = [f"{key} = {value}" for key, value in keys.items()]
    return "\n".join(["[[instance.edge.claim]]", f'kind = "{kind}"', *lines, ""])


PUBLIC = Case(
    "public-ip",
    _claim("public-ip", address=f'"{EIP}"'),
    {("public-ip", EIP): "{primary}"},
)
PRIVATE = Case(
    "private-ip",
    _claim("private-ip", address=f'"{PRIVATE_4}"'),
    {
        ("private-ip", PRIVATE_4): "secondary",
        # EC2 moves an Elastic IP along with the private address that it sits on.
        ("public-ip", EIP_ON_SECONDARY): PRIVATE_4,
    },
)
PRIVATE_V6 = Case(
    "private-ip-v6",
    _claim("private-ip", address=f'"{PRIVATE_6}"'),
    {("private-ip", PRIVATE_6): "ipv6"},
)
ROUTES = Case(
    "route",
    _claim("route", destination=f'"{ROUTE_4}"', tables='["{one}", "{two}"]'),
    {("route", f"{{one}} {ROUTE_4}"): "active", ("route", f"{{two}} {ROUTE_4}"): "active"},
)
NEW_ROUTE = Case(
    "route-created",
    _claim("route", destination=f'"{ROUTE_4}"', tables='["{empty}"]'),
    {("route", f"{{empty}} {ROUTE_4}"): "active"},
)
ROUTE_V6 = Case(
    "route-v6",
    _claim("route", destination=f'"{ROUTE_6}"', tables='["{one}"]'),
    {("route", f"{{one}} {ROUTE_6}"): "active"},
)
COMBINED = Case(
    "public-on-private",
    PRIVATE.claims
    + _claim("public-ip", address=f'"{EIP_ON_SECONDARY}"', private_address=f'"{PRIVATE_4}"'),
    PRIVATE.moves,
)
NOT_DRAGGED = Case(
    "public-onto-private",
    PRIVATE.claims + _claim("public-ip", address=f'"{EIP}"', private_address=f'"{PRIVATE_4}"'),
    {
        ("private-ip", PRIVATE_4): "secondary",
        ("public-ip", EIP): PRIVATE_4,
    },
)
EVERYTHING = Case(
    "everything",
    COMBINED.claims + PUBLIC.claims + PRIVATE_V6.claims + ROUTES.claims + ROUTE_V6.claims,
    {
        **COMBINED.moves,
        **PUBLIC.moves,
        **PRIVATE_V6.moves,
        **ROUTES.moves,
        **ROUTE_V6.moves,
    },
)
CASES = (PUBLIC, PRIVATE, PRIVATE_V6, ROUTES, NEW_ROUTE, ROUTE_V6, COMBINED, EVERYTHING)
