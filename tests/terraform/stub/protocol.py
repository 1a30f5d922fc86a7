"""Terraform's plugin protocol, version 6: the messages and calls that a provider needs.

Only what the stub reads or writes is described; protobuf skips fields that it does not know. The
numbers are those of Terraform's `tfplugin6.proto`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import grpc
import msgspec
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "tfplugin6"
Kind = descriptor_pb2.FieldDescriptorProto
SCALARS = {
    "bytes": Kind.TYPE_BYTES,
    "string": Kind.TYPE_STRING,
    "bool": Kind.TYPE_BOOL,
    "int": Kind.TYPE_INT64,
}
# Each field: its number, name and type; `*` repeats, `%` maps names to it.
MESSAGES = {
    "DynamicValue": "1 msgpack bytes, 2 json bytes",
    "Diagnostic": "1 severity int, 2 summary string, 3 detail string",
    "RawState": "1 json bytes",
    "Attribute": "1 name string, 2 type bytes, 4 required bool, 5 optional bool, 6 computed bool, 7 sensitive bool",
    "NestedBlock": "1 type_name string, 2 block Block, 3 nesting int, 4 min_items int, 5 max_items int",
    "Block": "1 version int, 2 attributes *Attribute, 3 block_types *NestedBlock",
    "Schema": "1 version int, 2 block Block",
    "Empty": "",
    "Capabilities": "2 get_provider_schema_optional bool",
    "Schemas": "1 provider Schema, 2 resource_schemas %Schema, 3 data_source_schemas %Schema, "
    "6 server_capabilities Capabilities",
    "Config": "1 config DynamicValue",
    "ProviderConfig": "2 config DynamicValue",
    "Typed": "1 type_name string, 2 config DynamicValue",
    "Diagnostics": "1 diagnostics *Diagnostic",
    "Stored": "1 type_name string, 2 version int, 3 raw_state RawState",
    "Upgraded": "1 upgraded_state DynamicValue, 2 diagnostics *Diagnostic",
    "Current": "1 type_name string, 2 current_state DynamicValue, 3 private bytes",
    "Read": "1 new_state DynamicValue, 2 diagnostics *Diagnostic, 3 private bytes",
    "Change": "1 type_name string, 2 prior_state DynamicValue, 3 proposed_new_state DynamicValue, 4 config DynamicValue",
    "Planned": "1 planned_state DynamicValue, 4 diagnostics *Diagnostic",
    "Plan": "1 type_name string, 2 prior_state DynamicValue, 3 planned_state DynamicValue, 4 config DynamicValue",
    "Applied": "1 new_state DynamicValue, 3 diagnostics *Diagnostic",
    "Data": "1 state DynamicValue, 2 diagnostics *Diagnostic",
}
# Each call: what it is asked with, what it answers.
CALLS = {
    "GetProviderSchema": ("Empty", "Schemas"),
    "ValidateProviderConfig": ("Config", "Empty"),
    "ValidateResourceConfig": ("Typed", "Diagnostics"),
    "ValidateDataResourceConfig": ("Typed", "Diagnostics"),
    "ConfigureProvider": ("ProviderConfig", "Empty"),
    "UpgradeResourceState": ("Stored", "Upgraded"),
    "ReadResource": ("Current", "Read"),
    "PlanResourceChange": ("Change", "Planned"),
    "ApplyResourceChange": ("Plan", "Applied"),
    "ReadDataSource": ("Typed", "Data"),
    "StopProvider": ("Empty", "Empty"),
}
ERROR = 1
# A value that is known after apply only; Terraform may refine it, which is an extension as well.
UNKNOWN = msgspec.msgpack.Ext(0, b"\x00")


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="tfplugin6.proto", package=PACKAGE, syntax="proto3"
    )
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for each in filter(None, fields.split(", ")):
            number, field, kind = each.split()
            _add(message, int(number), field, kind)
    return file


def _add(message: Any, number: int, name: str, kind: str) -> None:
    field = message.field.add(name=name, number=number, label=Kind.LABEL_OPTIONAL)
    if kind[0] in "*%":
        field.label = Kind.LABEL_REPEATED
    if kind in SCALARS:
        field.type = SCALARS[kind]
        return
    field.type = Kind.TYPE_MESSAGE
    field.type_name = f".{PACKAGE}.{kind.lstrip('*%')}"
    if kind[0] == "%":
        # protobuf's convention for a map: a nested message of a key and a value.
        entry = message.nested_type.add(
            name="".join(part.title() for part in name.split("_")) + "Entry"
        )
        entry.options.map_entry = True
        _add(entry, 1, "key", "string")
        _add(entry, 2, "value", kind[1:])
        field.type_name = f".{PACKAGE}.{message.name}.{entry.name}"


_pool = descriptor_pool.DescriptorPool()
_pool.Add(_file())
_classes = {
    name: message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))
    for name in MESSAGES
}


def message(kind: str, /, **fields: Any) -> Any:
    return _classes[kind](**fields)


def decode(value: Any) -> Any:
    """What a DynamicValue holds; unknown values are extensions of MessagePack."""
    if value.msgpack:
        return msgspec.msgpack.decode(value.msgpack)
    return json.loads(value.json) if value.json else None


def encode(value: object) -> Any:
    return message("DynamicValue", msgpack=msgspec.msgpack.encode(value))


def is_unknown(value: object) -> bool:
    return isinstance(value, msgspec.msgpack.Ext)


def handler(calls: Mapping[str, Callable[[Any], Any]]) -> grpc.GenericRpcHandler:
    """Terraform's provider service, answered by these; each gets a request and gives a response."""
    methods = {name: _method(calls[name], *CALLS[name]) for name in CALLS}
    return grpc.method_handlers_generic_handler(f"{PACKAGE}.Provider", methods)


def _method(call: Callable[[Any], Any], asked: str, answered: str) -> grpc.RpcMethodHandler:
    def answer(request: Any, _context: grpc.ServicerContext) -> Any:
        return call(request) or message(answered)

    return grpc.unary_unary_rpc_method_handler(
        answer,
        request_deserializer=_classes[asked].FromString,
        response_serializer=_classes[answered].SerializeToString,
    )
