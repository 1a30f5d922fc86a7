"""The agent: everything started in the order that keeps VRRP from waiting, and ended within a second."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from cloudfail import __version__
from cloudfail.agent.commands import AgentCommands
from cloudfail.agent.control.commands import Commands
from cloudfail.agent.control.framing import Answer, Request
from cloudfail.agent.control.server import Server
from cloudfail.agent.crew import Crew, Shared
from cloudfail.agent.ear import Ear, period_for
from cloudfail.agent.handbrake import release_left
from cloudfail.agent.hearing.lateness import Heart
from cloudfail.agent.log import Log, sink_for
from cloudfail.agent.member import Member, group_of, on_the_wire
from cloudfail.agent.metrics.service import Metrics
from cloudfail.agent.notices.maintenance import Maintenance
from cloudfail.agent.observers import Observers, OnRun
from cloudfail.agent.pausing import Pauses
from cloudfail.agent.problems import Problems
from cloudfail.agent.readying import Readying
from cloudfail.agent.recording import Recorder
from cloudfail.agent.reloading import advert_ints, for_a_restart
from cloudfail.agent.responder.answering import Answering, Looked
from cloudfail.agent.responder.responders import Responders
from cloudfail.agent.role.standing import Standing
from cloudfail.agent.systemd import Systemd
from cloudfail.agent.view import AgentView
from cloudfail.clock import SystemClock, wall_clock
from cloudfail.config import Config, load
from cloudfail.config.agent.paths import STATE_DIRECTORY, fifo_of
from cloudfail.errors import CloudfailError, ConfigError
from cloudfail.role import default_directory

AnswerFactory = Callable[[Commands], Callable[[Request], Awaitable[Answer]]]
_TICK = 0.5
_ABSENT_AGAIN = 1.0
# SIGTERM: finish or abandon at a safe point within a second.
_END_SECONDS = 0.55


class Agent:
    """Made, then served once. Everything but what observers are told happens in the loop's thread."""

    def __init__(
        self,
        path: Path,
        config: Config,
        environ: Mapping[str, str],
        node: str,
        answers: AnswerFactory,
    ) -> None:
        self._path, self._config, self._environ = path, config, environ
        self._started, self._clock = wall_clock(), SystemClock()
        format_ = config.agent.log_format
        self._log = Log(format_, sink_for(config.agent.log_target, format_))
        self._metrics = Metrics(self.view)
        self._observer = Observers(self._metrics.observer, self._log, OnRun(self._poke))
        self._heart = Heart(self._clock.now(), period_for(advert_ints(config)))
        self._recorder = Recorder(default_directory(), clock=self._clock)
        self._pauses = Pauses(Path(environ.get("STATE_DIRECTORY") or STATE_DIRECTORY))
        shared = Shared(
            clock=self._clock,
            heart=self._heart,
            observer=self._observer,
            recorder=self._recorder,
            pauses=self._pauses,
            environ=environ,
            node=node,
        )
        self._crew = Crew(shared)
        self._ear = Ear(
            self._heart, self._clock, self._observer, self._changed, self._heard_a_lower_advert
        )
        self._answering = Answering({}, self._standing, self._looked)
        self._responders = Responders(self._answering, self._observer.noted)
        self._commands = AgentCommands(
            self._crew,
            self._pauses,
            self._clock,
            config=lambda: self._config,
            view=self.view,
            reload=self.reload,
        )
        self._maintenance = Maintenance(
            lambda: self._crew.members,
            self._commands.handing_over,
            self._pauses,
            self._clock,
            self._observer.noted,
        )
        self._make_answer = answers
        self._server: Server | None = None
        self._readying = Readying(self._crew.workers, self._clock)
        self._systemd = Systemd(environ)
        self._over, self._reloading = asyncio.Event(), asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._problem = self._mistake = self._shut = ""
        self._problems = Problems(self._problems_now, self._observer.noted)
        self._next_watchdog = self._next_absent = 0.0

    async def serve(self) -> int:
        """Work until a signal ends it. Raises ConfigError when the FIFO cannot be read."""
        self._loop = asyncio.get_running_loop()
        self._catch_signals(self._loop)
        self._ear.open_fifo(fifo_of(self._config))
        self._ear.open_wire()
        # READY before any SDK is imported, and before the cloud is asked anything.
        self._systemd.ready("hearing keepalived")
        self._take_up(self._config)
        await self._open_doors()
        self._readying.start()
        ticking = self._loop.create_task(self._tick())
        try:
            await self._over.wait()
        finally:
            ticking.cancel()
            await self._end()
        return 0

    async def reload(self) -> str:
        """Read the file again: "" when it is in use, else what is wrong with it; nothing changed then."""
        async with self._reloading:  # two at once would open a port twice
            return await self._reload()

    async def _reload(self) -> str:
        self._systemd.reloading()
        try:
            config = load(self._path, self._environ)
            self._crew.check(config)
            self._ear.open_fifo(fifo_of(config))
        except CloudfailError as error:
            self._problem = f"not reloaded, the configuration from before goes on: {error}"
            self._problems.look()
            self._systemd.ready(self._problem)
            return str(error)
        self._problem = for_a_restart(self._config, config)
        self._config = config
        self._heart.period = period_for(advert_ints(config))
        self._take_up(config)
        await self._metrics.apply(config.agent)
        self._observer.noted("reloaded", "", str(self._path))
        self._systemd.ready("hearing keepalived")
        return ""

    def view(self) -> AgentView:
        """Show everything; may be called from any thread."""
        members = self._crew.members
        return AgentView(
            version=__version__,
            pid=os.getpid(),
            started=self._started,
            config=str(self._path),
            is_hearing=self._ear.hears_wire and not self._ear.problems,
            instances=tuple(member.view() for member in members.values()),
            absent=self._crew.missing,
            problems=self._problems_now(),
            maintenance=self._maintenance.view,
        )

    def _problems_now(self) -> tuple[str, ...]:
        found = (
            *(self._problem, self._mistake, self._shut, self._observer.mistake),
            *(self._recorder.problem, self._pauses.problem),
            *self._ear.problems,
            *self._metrics.problems,
            *self._responders.problems,
            *self._crew.problems,
            *self._maintenance.problems,
        )
        return tuple(filter(None, found))

    # ---- start and end

    def _take_up(self, config: Config) -> None:
        before = self._crew.workers()
        ear = self._ear
        self._crew.take_up(config, has_fifo=ear.has_fifo, hears_wire=ear.hears_wire)
        members = self._crew.members
        targets = [member.target for member in members.values()]
        self._answering.configure(config.instances)
        ear.serve(members, on_the_wire(targets))
        for name, member in members.items():
            if before.get(name) is not member.worker:
                if name not in before and (released := release_left(name)):
                    self._observer.noted("handover", name, released)
                member.worker.start()
        self._responders.configure(
            {member.name: member.target.instance.responders for member in members.values()}
        )
        self._maintenance.configure(config)

    async def _open_doors(self) -> None:
        await self._metrics.apply(self._config.agent)
        await self._responders.start(
            {name: one.target.instance.responders for name, one in self._crew.members.items()}
        )
        self._server = Server(
            self._config.agent.socket,
            self._make_answer(self._commands),
            lambda sentence: self._observer.noted("socket", "", sentence),
        )
        try:
            await self._server.start()
        except ConfigError as error:
            if not self._ear.has_fifo:  # then only the socket keeps a second agent away
                raise
            self._shut = f"nobody can ask the agent: {error}; then restart it"

    async def _end(self) -> None:
        """End within a second: what is in a request then is abandoned; it is idempotent."""
        self._systemd.stopping("ending at a safe point")
        self._commands.cancel()
        self._maintenance.stop()
        self._readying.stop()
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._crew.stop, "SIGTERM", _END_SECONDS)
        self._recorder.stop(0.1)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._close_doors(), 0.2)
        self._ear.close()
        self._observer.noted("stopped", "", "the agent has ended")
        self._log.flush(0.1)

    async def _close_doors(self) -> None:
        await self._responders.stop()
        if self._server is not None:
            await self._server.stop()
        await self._metrics.stop()

    def _catch_signals(self, loop: asyncio.AbstractEventLoop) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._over.set)
        loop.add_signal_handler(signal.SIGHUP, self._commands.reload)
        # Whoever started it may have blocked them, and left that to its children.
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    # ---- while it serves

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            now = self._clock.now()
            if self._systemd.watchdog and now >= self._next_watchdog:
                self._next_watchdog = now + self._systemd.watchdog / 3
                self._systemd.alive()
            try:
                self._look_after(now)
                self._mistake = ""
            except Exception as error:  # noqa: BLE001  the next tick has as much to do
                self._mistake = f"a mistake in the agent: {type(error).__name__}: {error}"
            self._problems.look()

    def _look_after(self, now: float) -> None:
        self._follow()
        self._maintenance.look()
        if self._crew.absent and now >= self._next_absent:
            self._next_absent = now + _ABSENT_AGAIN
            self._take_up(self._config)  # an address that comes late: DHCP

    def _changed(self, _: Member) -> None:
        self._responders.poke()

    def _heard_a_lower_advert(self, member: Member) -> None:
        """Look again, with all of its sync group: keepalived tells one of them only."""
        for mate in group_of(member, self._crew.members):
            mate.worker.again()

    def _follow(self) -> None:
        self._ear.beat()  # after a standstill nothing hangs yet
        self._crew.look_after()

    def _poke(self) -> None:
        """A run ended, in another thread: what waits for it need not wait for the next tick."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._follow)
        self._responders.poke()

    def _standing(self, instance: str) -> Standing:
        member = self._crew.members.get(instance)
        return member.keeper.standing() if member is not None else Standing()

    def _looked(self, instance: str) -> Looked | None:
        member = self._crew.members.get(instance)
        return member.looked if member is not None else None
