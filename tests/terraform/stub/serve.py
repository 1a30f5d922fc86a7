"""Serves one provider's schema to Terraform until standard input ends.

    python -m terraform.stub.serve SCHEMA.json SOCKET

The first line it prints is the provider's entry of TF_REATTACH_PROVIDERS. After that it obeys: each
line of standard input calls a method of the `World`, `{"call": NAME, "with": [ARGUMENTS]}`; each
gets a line, `{"result": ...}` or `{"error": ...}`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc

from terraform.stub import schema
from terraform.stub.protocol import handler
from terraform.stub.provider import Provider
from terraform.stub.world import World

BYTES = 64 << 20
OBEYED: dict[str, Callable[..., object]] = {
    "reset": World.reset,
    "objects": World.objects,
    "put": World.put,
    "delete": World.delete,
    "tell": World.tell,
}


def serve(path: Path, socket: str) -> None:
    schemas, world = schema.load(path), World()
    limits = ("grpc.max_send_message_length", "grpc.max_receive_message_length")
    server = grpc.server(
        futures.ThreadPoolExecutor(8), options=[(limit, BYTES) for limit in limits]
    )
    server.add_generic_rpc_handlers((handler(Provider(schemas, world).calls()),))
    server.add_insecure_port(f"unix://{socket}")
    server.start()
    say({schemas.address: _reattach(socket)})
    for line in sys.stdin:
        say(obey(world, json.loads(line)))
    server.stop(grace=None).wait()


def _reattach(socket: str) -> dict[str, object]:
    address = {"Network": "unix", "String": socket}
    fixed = {"Protocol": "grpc", "ProtocolVersion": 6, "Test": True}
    return {**fixed, "Pid": os.getpid(), "Addr": address}


def obey(world: World, order: dict[str, Any]) -> dict[str, object]:
    call = OBEYED.get(order["call"])
    if call is None:
        return {"error": f"no such call: {order['call']}"}
    try:
        return {"result": call(world, *order["with"])}
    except LookupError as exc:
        return {"error": str(exc)}


def say(answer: dict[str, object]) -> None:
    print(json.dumps(answer, default=repr), flush=True)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2])
