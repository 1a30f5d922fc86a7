"""Metrics in prometheus-client's values. Importing this imports that library."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.core import Metric as Family

from cloudfail.agent.metrics.catalogue import ALL, BUCKETS, Metric
from cloudfail.agent.metrics.counting import Distribution


class Sheet:
    """The families of one exposition, in the order of the catalogue."""

    def __init__(self) -> None:
        self._families = {metric.name: _family(metric) for metric in ALL}

    def put(self, metric: Metric, labels: Sequence[str], value: float | None) -> None:
        """Add a sample; None adds none: Prometheus shows what is absent as such."""
        if value is not None:
            family = self._families[metric.name]
            texts = map(_encodable, labels)
            family.add_sample(metric.name, dict(zip(metric.labels, texts, strict=True)), value)

    def put_distribution(self, metric: Metric, labels: Sequence[str], found: Distribution) -> None:
        family = self._families[metric.name]
        if isinstance(family, HistogramMetricFamily):
            family.add_metric(list(labels), _cumulated(found), found.total)

    def families(self) -> list[Family]:
        """Return those that have samples."""
        return [family for family in self._families.values() if family.samples]


def _encodable(text: str) -> str:
    """Half a surrogate pair, which JSON of a cloud may hold, would spoil the whole exposition."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _family(metric: Metric) -> Family:
    if metric.kind == "histogram":
        return HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    if metric.kind == "counter":
        return CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
    return GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)


def _cumulated(found: Distribution) -> list[tuple[str, float]]:
    names = [str(bound) for bound in BUCKETS] + ["+Inf"]
    running = 0
    cumulated: list[tuple[str, float]] = []
    for name, count in zip(names, found.counts, strict=True):
        running += count
        cumulated.append((name, running))
    return cumulated
