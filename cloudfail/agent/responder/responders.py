"""All responders of this node: asked ten times a second, and at once when something changed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping

from cloudfail.agent.responder.port import Port
from cloudfail.config.agent.model import Responder
from cloudfail.line import one_line

POLL = 0.1

Key = tuple[str, Responder]


class Responders:
    """Answer for each instance while `answers` (of its name) is True: see `answering.Answering`.

    An `answers` that raises is a no, and a problem. `note` takes an event, an instance and a
    sentence, as `Observer.noted` does: told when a port begins or ends to answer, and of problems.
    Everything but `poke` and `problems` belongs to the loop's thread.
    """

    def __init__(
        self, answers: Callable[[str], bool], note: Callable[[str, str, str], None]
    ) -> None:
        self._answers, self._note = answers, note
        self._ports: dict[Key, Port] = {}
        self._told: dict[Key, tuple[bool, str]] = {}
        self._broken: dict[str, str] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._problems: tuple[str, ...] = ()

    async def start(self, responders: Mapping[str, Iterable[Responder]]) -> None:
        """Begin, with the responders of each instance. Never raises for a port: see `problems`."""
        self._loop = asyncio.get_running_loop()
        self.configure(responders)

    def configure(self, responders: Mapping[str, Iterable[Responder]]) -> None:
        """Have these from now on: what stays the same is not touched, connections included."""
        wanted = {(name, one) for name, group in responders.items() for one in group}
        for key in [key for key in self._ports if key not in wanted]:
            self._ports.pop(key).stop()
            self._told.pop(key, None)
        for key in sorted(wanted - self._ports.keys(), key=str):
            self._ports[key] = Port(key[1], self._question(key[0]))
        self._look()
        if self._timer is None:
            self._poll()

    def poke(self) -> None:
        """Look now rather than at the next poll. May be called from any thread, at any time."""
        if self._loop is not None and self._ports:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._look)

    @property
    def problems(self) -> tuple[str, ...]:
        """Say what does not listen, and why, in sentences. Safe in any thread."""
        return self._problems

    async def stop(self) -> None:
        """Listen no more, and reset what stands."""
        self._loop = None
        if self._timer is not None:
            self._timer.cancel()
        for port in self._ports.values():
            port.stop()
        self._ports.clear()

    def _tick(self) -> None:
        self._poll()
        self._look()

    def _poll(self) -> None:
        """Look again soon; without a port there is nothing to look for."""
        loop = self._loop if self._ports else None
        self._timer = loop.call_later(POLL, self._tick) if loop is not None else None

    def _look(self) -> None:
        for key, port in self._ports.items():
            port.look()
            self._tell(key, port)
        found = (*self._broken.values(), *(port.problem for port in self._ports.values()))
        self._problems = tuple(one for one in found if one)

    def _question(self, instance: str) -> Callable[[], bool]:
        def answers() -> bool:
            try:
                found = self._answers(instance)
            except Exception as error:  # noqa: BLE001  whatever it is, nobody knows: that is a no
                self._break(instance, one_line(f"{type(error).__name__}: {error}"))
                return False
            self._broken.pop(instance, None)
            return found is True

        return answers

    def _break(self, instance: str, why: str) -> None:
        sentence = f"{instance}: nobody can tell whether its responders may answer: {why}"
        if self._broken.get(instance) != sentence:
            self._broken[instance] = sentence
            self._note("responder", instance, sentence)

    def _tell(self, key: Key, port: Port) -> None:
        """Say what changed since the last time, once."""
        instance, responder = key
        answered, problem = self._told.get(key, (False, ""))
        self._told[key] = (port.answered, port.problem)
        where = f"{responder.protocol} port {responder.port}"
        if port.problem and port.problem != problem:
            self._note("responder", instance, port.problem)
        elif problem and not port.problem and port.is_listening:
            self._note("responder", instance, f"{where} listens now")
        if port.answered != answered:
            self._note("responder", instance, f"{where} {_SAYS[port.answered]}")


_SAYS = {True: "answers", False: "does not answer any more"}
