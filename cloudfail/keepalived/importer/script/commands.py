"""What a notify script does, as far as it can be said without running it.

Variables, arrays and arguments are replaced where their value is in the script; a loop over known
words goes through them, a function has the words of its call. Of `if` both ways count, of `case`
the arm of a known word. What a command substitution gives, a caller may know: see `answer`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct

from cloudfail.keepalived.importer.script.grammar import Case, Function, Loop, Node, Simple, parse
from cloudfail.keepalived.importer.script.tokens import Token

Answer = Callable[[tuple[str, ...]], str]
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)\+?=(.*)", re.DOTALL)
_USED = re.compile(r"\$(?:(\w+)|([@*])|\{(\w+)\}|\{(\w+):?[-=]([^${}]*)\}|\{(\w+)\[([^\]{}]+)\]\})")
_SUBSTITUTED = re.compile(r"\$\((?!\()(.*)\)", re.DOTALL)
_ENTRY = re.compile(r"\[(.+?)\]=(.*)", re.DOTALL)
_SECRET = re.compile(r"SECRET|KEY|TOKEN|PASS", re.IGNORECASE)
_DECLARING = frozenset({"export", "readonly", "local", "declare", "typeset"})
_DEEPEST = 8
_MANY = 5_000
_LONGEST = 8_192


class Command(Struct, frozen=True):
    """One simple command; `line` counts from 1. `assigns` is a variable that it sets, if any."""

    line: int
    words: tuple[str, ...]
    assigns: str = ""


def is_known(word: str) -> bool:
    return "$" not in word


def is_secret(name: str) -> bool:
    """Say whether a variable of that name may hold a secret: its value goes nowhere."""
    return _SECRET.search(name) is not None


def commands_of(
    text: str, arguments: Sequence[str] = (), answer: Answer | None = None
) -> Iterator[Command]:
    """Yield the commands; `words` of an assignment are its value alone.

    It ends after some thousand steps. `answer` is asked for what the command of a substitution prints; empty where nobody knows.
    """
    yield from _Reader(arguments, answer or (lambda _: "")).all(parse(text))


class _Reader:
    def __init__(self, arguments: Sequence[str], answer: Answer) -> None:
        self._answer = answer
        self._variables = _positional(arguments)
        self._arrays: dict[str, dict[str, str]] = {}
        self._functions: dict[str, Function] = {}
        self._called: set[str] = set()
        self._depth = 0
        self._left = _MANY

    def all(self, nodes: Sequence[Node]) -> Iterator[Command]:
        """Yield what runs; then the functions that nothing calls by a name known here."""
        yield from self._run(nodes)
        for name, function in self._functions.items():
            if name not in self._called:
                yield from self._call(function, ())

    def _run(self, nodes: Sequence[Node]) -> Iterator[Command]:
        self._left -= 1
        for node in nodes if self._left > 0 else ():
            self._left -= 1
            match node:
                case Simple():
                    yield from self._simple(node)
                case Loop():
                    yield from self._loop(node)
                case Case():
                    yield from self._case(node)
                case Function():
                    self._functions[node.name] = node

    def _simple(self, node: Simple) -> Iterator[Command]:
        rest = list(node.words)
        if rest and rest[0].text in _DECLARING:
            rest = [one for one in rest[1:] if not one.text.startswith("-")]
        while rest and (found := _ASSIGNED.fullmatch(rest[0].text)):
            yield self._assign(found[1], found[2], rest.pop(0))
        if not rest:
            return
        words = tuple(self._expanded(word.text) for word in rest)
        function = self._functions.get(words[0])
        if function is not None and self._may_go_on():
            self._called.add(words[0])
            yield from self._call(function, words[1:])
        else:
            yield Command(node.line, words)

    def _assign(self, name: str, text: str, word: Token) -> Command:
        if word.items is not None:
            self._arrays[name] = dict(self._entries(word.items))
            return Command(word.line, (), assigns=name)
        value = self._expanded(text)
        self._variables.pop(name, None)
        if is_known(value) and not is_secret(name):
            self._variables[name] = value
        return Command(word.line, (value,), assigns=name)

    def _entries(self, items: Sequence[str]) -> Iterator[tuple[str, str]]:
        for number, item in enumerate(items):
            found = _ENTRY.fullmatch(item)
            yield (
                (found[1], self._expanded(found[2]))
                if found
                else (
                    str(number),
                    self._expanded(item),
                )
            )

    def _loop(self, node: Loop) -> Iterator[Command]:
        words = [one for item in node.items for one in self._expanded(item).split()]
        if not words or not all(map(is_known, words)):
            words = [""]
        for word in words:
            self._variables.pop(node.name, None)
            if word:
                self._variables[node.name] = word
            yield from self._run(node.body)

    def _case(self, node: Case) -> Iterator[Command]:
        word = self._expanded(node.word)
        for patterns, body in node.arms:
            fits = [one for one in map(self._expanded, patterns) if fnmatchcase(word, one)]
            if not is_known(word) or fits:
                yield from self._run(body)
            if is_known(word) and fits:
                return

    def _call(self, function: Function, arguments: Sequence[str]) -> Iterator[Command]:
        outside = {name: value for name, value in self._variables.items() if name.isdigit()}
        self._set_arguments(_positional(arguments))
        self._depth += 1
        yield from self._run(function.body)
        self._depth -= 1
        self._set_arguments(outside)

    def _set_arguments(self, arguments: dict[str, str]) -> None:
        for name in [one for one in self._variables if one.isdigit()]:
            del self._variables[name]
        self._variables |= {name: text for name, text in arguments.items() if is_known(text)}

    def _expanded(self, word: str) -> str:
        """Replace once: a value holds no unknown, and a long one is not worth the reading."""
        if "$" not in word:
            return word
        replaced = _USED.sub(self._value, word)
        replaced = replaced if len(replaced) <= _LONGEST else word
        found = _SUBSTITUTED.fullmatch(replaced)
        return (found and self._answered(found[1])) or replaced

    def _value(self, found: re.Match[str]) -> str:
        name = found[1] or found[3] or found[4]
        if found[2]:
            numbers = sorted((one for one in self._variables if one.isdigit()), key=int)
            return " ".join(self._variables[one] for one in numbers) or found[0]
        if name:
            return self._variables.get(name, found[0] if found[5] is None else found[5])
        array = self._arrays.get(found[6], {})
        if found[7] in {"@", "*"}:
            return " ".join(array.values()) or found[0]
        return array.get(self._expanded(found[7]), found[0])

    def _answered(self, text: str) -> str:
        self._depth += 1
        found = [one for one in parse(text) if isinstance(one, Simple)] if self._may_go_on() else []
        printed = (self._answer(tuple(self._expanded(w.text) for w in one.words)) for one in found)
        answer = next(filter(None, printed), "")
        self._depth -= 1
        return answer

    def _may_go_on(self) -> bool:
        return self._depth < _DEEPEST and self._left > 0


def _positional(arguments: Sequence[str]) -> dict[str, str]:
    return {str(number): word for number, word in enumerate(arguments, start=1)}
