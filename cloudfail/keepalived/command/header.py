"""How the kernel runs a file: as a program, or through the interpreter that its first line names."""

from __future__ import annotations

import enum
import os
import re

import msgspec

from cloudfail.keepalived.command.tree import Tree

_ELF = b"\x7fELF"
# What pip writes where the interpreter is too long for a first line, or has a space.
_EXEC = re.compile(rb"^'''exec' \"?(/[^\"\n]+?)\"? \"\$0\" \"\$@\"")


class Form(enum.Enum):
    PROGRAM = enum.auto()
    SCRIPT = enum.auto()
    NOTHING = enum.auto()  # execve says ENOEXEC, and keepalived starts no shell instead
    UNREADABLE = enum.auto()


class Header(msgspec.Struct, frozen=True):
    """Of a script: its interpreter, and everything behind that as one argument, as Linux has it.

    `then` is the Python that the second line of a script of pip's starts, by the shell.
    """

    form: Form
    interpreter: str = ""
    argument: str = ""
    then: str = ""

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
    first, _, second = head[2:].partition(b"\n")
    interpreter, _, argument = os.fsdecode(first.strip(b" \t")).replace("\t", " ").partition(" ")
    if not interpreter:
        return Header(Form.NOTHING)
    then = _EXEC.match(second)
    python = os.fsdecode(then[1]) if then else ""
    return Header(Form.SCRIPT, interpreter, argument.strip(" "), python)
