"""Everything about metrics, as the agent starts, changes and stops it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cloudfail.agent.metrics.counting import Counting
from cloudfail.agent.metrics.http import HttpServer
from cloudfail.agent.metrics.pages import Pages
from cloudfail.agent.metrics.textfile import Textfile
from cloudfail.agent.view import AgentView
from cloudfail.config.agent.model import AgentSettings, Listen


class Metrics:
    """`observer` counts; `view` is called from threads of this object, and must be quick.

    `apply` starts it, and changes it after a reload: counts are kept, and a port or a file that
    stays the same is not touched. Everything but `observer` belongs to the loop.
    """

    def __init__(self, view: Callable[[], AgentView]) -> None:
        self.observer = Counting(self._poke)
        self._view = view
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="cloudfail-metrics")
        self._pages = Pages(view, self.observer, self._executor)
        self._listen: Listen | None = None
        self._server: HttpServer | None = None
        self._path: Path | None = None
        self._textfile: Textfile | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        """What does not work, in sentences; it is tried again by itself."""
        parts = (self._server, self._textfile)
        return tuple(part.problem for part in parts if part is not None and part.problem)

    @property
    def port(self) -> int:
        """The port that is answered on; 0: none."""
        return self._server.port if self._server else 0

    async def apply(self, settings: AgentSettings) -> None:
        """Serve and write what the settings say. Never raises for a port or a file."""
        if settings.metrics_listen != self._listen:
            await self._serve(settings.metrics_listen)
        if settings.metrics_textfile != self._path:
            if self._textfile is not None:
                self._textfile.stop(is_moved=True)
            self._write_to(settings.metrics_textfile)

    async def stop(self) -> None:
        """Close the port, and leave `cloudfail_up 0` in the file; takes at most half a second."""
        await self._serve(None)
        if self._textfile is not None:
            self._textfile.stop()
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _serve(self, listen: Listen | None) -> None:
        if self._server is not None:
            await self._server.stop()
        self._listen = listen
        self._server = HttpServer(listen, self._pages.answer) if listen else None
        if self._server is not None:
            await self._server.start()

    def _write_to(self, path: Path | None) -> None:
        self._path = path
        self._textfile = Textfile(path, self._text, self._last_text) if path else None
        if self._textfile is not None:
            self._textfile.start()

    def _text(self) -> bytes:
        from cloudfail.agent.metrics import exposition

        return exposition.text(self._view, self.observer)

    def _last_text(self) -> bytes:
        from cloudfail.agent.metrics import exposition

        return exposition.text(None, self.observer)

    def _poke(self) -> None:
        textfile = self._textfile
        if textfile is not None:
            textfile.poke()
