"""How the kernel runs a file: as a program, or through the interpreter that its first line names."""

from __future__ import annotations

import enum

import msgspec

from cloudfail.keepalived.command.tree import Tree

_ELF = b"\x7fELF"


class Form(enum.Enum):
    PROGRAM = enum.auto()
    SCRIPT = enum.auto()
    NOTHING = enum.auto()  # execve says ENOEXEC, and keepalived starts no shell instead
    UNREADABLE = enum.auto()


class Header(msgspec.Struct, frozen=True):
    """Of a script: its interpreter, and everything behind that as one argument, as Linux has it."""

    form: Form
    interpreter: str = ""
    argument: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        return (self.interpreter, self.argument) if self.argument else (self.interpreter,)


def read_header(tree: Tree, real: str) -> Header:
    head = tree.head(real)
    if head is None:
        return Header(Form.UNREADABLE)
    if head.startswith(_ELF):
        return Header(Form.PROGRAM)
    if not head.startswith(b"#!"):
        return Header(Form.NOTHING)
    line = head[2:].split(b"\n", 1)[0].strip(b" \t").decode("utf-8", "surrogateescape")
    interpreter, _, argument = line.replace("\t", " ").partition(" ")
    if not interpreter:
        return Header(Form.NOTHING)
    return Header(Form.SCRIPT, interpreter, argument.strip(" "))
