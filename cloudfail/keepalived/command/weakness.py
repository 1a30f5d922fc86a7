"""What may be wrong with a command that keepalived runs."""

from __future__ import annotations

import enum

import msgspec


class Code(enum.StrEnum):
    """The kind of weakness. The names are API: reports and suppressions quote them."""

    UNPARSABLE = "unparsable"
    USER_UNKNOWN = "user-unknown"
    GROUP_UNKNOWN = "group-unknown"
    NO_DEFAULT_USER = "no-default-user"
    MISSING = "missing"
    UNREACHABLE_FOR_USER = "unreachable-for-user"
    UNREADABLE_FOR_USER = "unreadable-for-user"
    DIRECTORY = "directory"
    NOT_A_FILE = "not-a-file"
    LINKED_DIRECTORY = "linked-directory"
    NOT_EXECUTABLE = "not-executable"
    NO_SHEBANG = "no-shebang"
    BARE_NAME = "bare-name"
    RELATIVE_PATH = "relative-path"
    SHELL_SYNTAX = "shell-syntax"
    FILE_TEST = "file-test"
    NOT_ROOT_OWNED = "not-root-owned"
    GROUP_WRITABLE = "group-writable"
    WORLD_WRITABLE = "world-writable"
    VENV_BY_PYTHON = "venv-by-python"
    INTERPRETER_MISSING = "interpreter-missing"
    INTERPRETER_WRITABLE = "interpreter-writable"
    SEARCH_PATH_WRITABLE = "search-path-writable"
    IMPORT_PATH_WRITABLE = "import-path-writable"
    PTH_TARGET_WRITABLE = "pth-target-writable"
    NOT_EXAMINED = "not-examined"


class Effect(enum.StrEnum):
    """What follows of a weakness, the worst first."""

    DROPPED = "dropped"  # keepalived logs a line, and runs on without the script
    FAILS = "fails"  # keepalived starts it, it does not get to its work, nobody is told
    UNSAFE = "unsafe"  # it runs, and others than root decide what root does
    ODD = "odd"  # it runs, but not as it reads
    NOTE = "note"  # it could not be examined


class Weakness(msgspec.Struct, frozen=True, kw_only=True):
    """`path` is the file or directory it is about, as seen from the examined root."""

    code: Code
    effect: Effect
    path: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}"
