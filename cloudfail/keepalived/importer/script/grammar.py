"""A shell script as far as it matters here: simple commands, loops, functions, cases.

Of `if` and `while` all commands count, those of the condition too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from cloudfail.keepalived.importer.script.tokens import Token, tokens_of

# They stand before a command, and are none.
_BEFORE = frozenset({"!", "if", "then", "elif", "else", "fi", "while", "until", "time", "do", "{"})
_BODIES = {"do": "done", "{": "}"}
_CLOSING = frozenset({"done", "}", "esac"})
_ARM_ENDS = frozenset({";;", ";&", ";;&"})
_DEEPEST = 40
_NOTHING = Token(0, "", is_operator=True)


class Simple(Struct, frozen=True):
    """A command without its redirections."""

    line: int
    words: tuple[Token, ...]


class Loop(Struct, frozen=True):
    """`for NAME in ITEMS`."""

    name: str
    items: tuple[str, ...]
    body: tuple[Node, ...]


class Function(Struct, frozen=True):
    name: str
    body: tuple[Node, ...]


class Case(Struct, frozen=True):
    """`arms` are patterns, and what runs for them."""

    word: str
    arms: tuple[tuple[tuple[str, ...], tuple[Node, ...]], ...]


Node = Simple | Loop | Function | Case


def parse(text: str) -> tuple[Node, ...]:
    """Return the script. Nothing is an error: what is not understood is a simple command."""
    return tuple(_Parser(tokens_of(text)).all())


class _Parser:
    def __init__(self, tokens: Iterable[Token]) -> None:
        self._tokens = list(tokens)
        self._at = 0
        self._depth = 0

    def all(self) -> Iterator[Node]:
        while self._at < len(self._tokens):
            yield from self._block("")
            self._next()

    def _peek(self, ahead: int = 0) -> Token:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else _NOTHING

    def _next(self) -> Token:
        token = self._peek()
        self._at += 1
        return token

    def _block(self, end: str) -> Iterator[Node]:
        """Yield what comes before the word that closes the block; it is left to the caller."""
        while self._at < len(self._tokens):
            token = self._peek()
            if token.is_operator:
                if end == "esac" and token.text in _ARM_ENDS:
                    return
                self._next()
            elif token.text in _CLOSING:
                return
            else:
                yield from self._node()

    def _body(self, end: str) -> tuple[Node, ...]:
        """Return a block, and go behind its end."""
        found = self._inside(end)
        if self._peek().text == end:
            self._next()
        return found

    def _inside(self, end: str) -> tuple[Node, ...]:
        """Return a block; too deep a one is read as if it were none."""
        self._depth += 1
        found = tuple(self._block(end)) if self._depth < _DEEPEST else ()
        self._depth -= 1
        return found

    def _node(self) -> Iterator[Node]:
        word = self._peek().text
        if word in _BEFORE:
            self._next()
            yield from self._body(_BODIES[word]) if word in _BODIES else ()
        elif word in {"for", "select"}:
            yield self._loop()
        elif word == "case":
            yield self._case()
        elif word == "function" or [self._peek(1).text, self._peek(2).text] == ["(", ")"]:
            yield self._function()
        else:
            yield self._simple()

    def _loop(self) -> Loop:
        self._next()
        name, items = self._next().text, []
        if self._peek().text == "in":
            self._next()
            while not self._peek().is_operator:
                items.append(self._next().text)
        self._skip_to("do")
        return Loop(name, tuple(items), self._body("done"))

    def _function(self) -> Function:
        if self._peek().text == "function":
            self._next()
        name = self._next().text
        self._skip_to("{")
        return Function(name, self._body("}"))

    def _skip_to(self, word: str) -> None:
        while self._peek().is_operator and self._at < len(self._tokens):
            self._next()
        if self._peek().text == word:
            self._next()

    def _case(self) -> Case:
        self._next()
        word, arms = self._next().text, []
        self._skip_to("in")
        self._skip_to("")
        while self._at < len(self._tokens) and self._peek().text not in _CLOSING:
            patterns = tuple(self._patterns())
            arms.append((patterns, self._inside("esac")))
            self._skip_to("")
        self._next()
        return Case(word, tuple(arms))

    def _patterns(self) -> Iterator[str]:
        while self._at < len(self._tokens):
            token = self._next()
            if token == _closing(token):
                return
            if not token.is_operator:
                yield token.text

    def _simple(self) -> Simple:
        line, words = self._peek().line, []
        while self._at < len(self._tokens):
            token = self._peek()
            if not token.is_operator:
                words.append(self._next())
            elif set(token.text) & set("<>"):
                self._next()
                if words and words[-1].text.isdigit():
                    words.pop()
                self._next()
            else:
                break
        return Simple(line, tuple(words))


def _closing(token: Token) -> Token:
    return Token(token.line, ")", is_operator=True)
