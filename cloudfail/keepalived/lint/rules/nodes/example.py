"""Two whole keepalived.conf, at 10.0.0.1 and 10.0.0.2, that fit together but for what is changed."""

from __future__ import annotations

from collections.abc import Iterable

Value = str | tuple[str, ...] | None
_GLOBAL = (
    "router_id",
    "vrrp_version",
    "vrrp_check_unicast_src",
    "vrrp_higher_prio_send_advert",
    "vrrp_down_timer_adverts",
)


def node(number: int, name: str = "VI_1", first: str = "", /, **changes: Value) -> str:
    """Return the file of node 1 or 2: a change of None leaves a line out, a tuple is a block.

    `first` is what stands between global_defs and the instance.
    """
    lines: dict[str, Value] = {
        "router_id": "ab"[number - 1],
        "vrrp_version": "3",
        "vrrp_check_unicast_src": "",
        "vrrp_higher_prio_send_advert": "true",
        **_instance(number),
        **changes,
    }
    head = _block("global_defs", _lines(lines, inside=_GLOBAL))
    rest = {keyword: value for keyword, value in lines.items() if keyword not in _GLOBAL}
    middle = first.splitlines()
    return "\n".join((*head, *middle, *_block(f"vrrp_instance {name}", _lines(rest, rest)), ""))


def instance(number: int, name: str, /, **changes: Value) -> str:
    """Return one more instance, with changes as for `node`."""
    lines = {**_instance(number), **changes}
    return "\n".join((*_block(f"vrrp_instance {name}", _lines(lines, lines)), ""))


def _instance(number: int) -> dict[str, Value]:
    return {
        "state": "BACKUP",
        "nopreempt": "",
        "interface": "eth0",
        "virtual_router_id": "51",
        "priority": str(200 - 50 * number),
        "advert_int": "1",
        "unicast_src_ip": f"10.0.0.{number}",
        "unicast_peer": (f"10.0.0.{3 - number}",),
        "virtual_ipaddress": ("10.0.0.100/32",),
    }


def _lines(lines: dict[str, Value], inside: Iterable[str]) -> Iterable[str]:
    for keyword in inside:
        value = lines.get(keyword)
        if isinstance(value, tuple):
            yield from _block(keyword, value)
        elif value is not None:
            yield f"{keyword} {value}".rstrip()


def _block(opening: str, lines: Iterable[str]) -> Iterable[str]:
    return (f"{opening} {{", *(f"  {line}" for line in lines), "}")


PAIR = (node(1), node(2))
