"""What is answered at /metrics, /healthz and /readyz."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from http import HTTPStatus

from cloudfail.agent.metrics import health
from cloudfail.agent.metrics.counting import Counting
from cloudfail.agent.metrics.health import Verdict
from cloudfail.agent.metrics.request import Request, Response
from cloudfail.agent.view import AgentView

_PATHS = "/metrics, /healthz, /readyz"


class Pages:
    """Answers requests. `view` is called in a thread of `executor`: long lists take their time."""

    def __init__(
        self, view: Callable[[], AgentView], counting: Counting, executor: Executor
    ) -> None:
        self._view = view
        self._counting = counting
        self._executor = executor

    async def answer(self, request: Request) -> Response:
        make = {
            "/metrics": lambda: self._metrics(request.headers.get("accept", "")),
            "/healthz": lambda: _of_verdict(health.health(self._view())),
            "/readyz": lambda: _of_verdict(health.readiness(self._view())),
        }.get(request.path)
        if make is None:
            return Response.saying(HTTPStatus.NOT_FOUND, f"there are {_PATHS}")
        return await asyncio.get_running_loop().run_in_executor(self._executor, make)

    def _metrics(self, accept: str) -> Response:
        from cloudfail.agent.metrics import exposition

        body, content_type = exposition.page(self._view, self._counting, accept)
        return Response(HTTPStatus.OK, body, content_type)


def _of_verdict(verdict: Verdict) -> Response:
    if verdict.is_good:
        return Response.saying(HTTPStatus.OK, "ok")
    return Response.saying(HTTPStatus.SERVICE_UNAVAILABLE, "\n".join(verdict.reasons))
