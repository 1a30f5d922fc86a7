"""The metrics as text. Importing this imports prometheus-client: do it in a thread that may wait."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client.core import Metric as Family
from prometheus_client.exposition import choose_encoder, generate_latest
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector, CollectorRegistry

import cloudfail
from cloudfail.agent.metrics import catalogue as metrics
from cloudfail.agent.metrics.collector import fill
from cloudfail.agent.metrics.counting import Counting
from cloudfail.agent.metrics.sheet import Sheet
from cloudfail.agent.view import AgentView
from cloudfail.clock import wall_clock


class AgentCollector(Collector):
    """What prometheus-client asks for samples. `view` None: the agent has stopped."""

    def __init__(self, view: Callable[[], AgentView] | None, counting: Counting) -> None:
        self._view = view
        self._counting = counting

    def collect(self) -> Iterable[Family]:
        sheet = Sheet()
        sheet.put(metrics.UP, (), self._view is not None)
        sheet.put(metrics.BUILD_INFO, (cloudfail.__version__,), 1)
        sheet.put(metrics.HEARTBEAT, (), wall_clock())
        if self._view is not None:
            fill(sheet, self._view(), self._counting.counts())
        return sheet.families()


def page(view: Callable[[], AgentView], counting: Counting, accept: str) -> tuple[bytes, str]:
    """Return what /metrics answers, and its content type: OpenMetrics for those who accept it.

    The memory and CPU time of this process are in it, by the names that all exporters use.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(AgentCollector(view, counting))
    ProcessCollector(registry=registry)
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def text(view: Callable[[], AgentView] | None, counting: Counting) -> bytes:
    """Return what the textfile holds: without process_*, which node_exporter has of its own."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(AgentCollector(view, counting))
    return generate_latest(registry)
