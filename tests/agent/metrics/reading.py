"""The exposition as another program reads it."""

from __future__ import annotations

from cloudfail.agent.metrics import exposition
from cloudfail.agent.metrics.counting import Counting
from cloudfail.agent.view import AgentView
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families

Samples = dict[str, dict[frozenset[tuple[str, str]], float]]


def parse(text: bytes) -> Samples:
    """Return name -> labels -> value; a sample that is there twice is an error."""
    found: Samples = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            values = found.setdefault(sample.name, {})
            labels = frozenset(sample.labels.items())
            assert labels not in values, f"{sample.name} {sample.labels} is there twice"
            values[labels] = sample.value
    return found


def exposed(view: AgentView, counting: Counting | None = None) -> Samples:
    return parse(exposition.text(lambda: view, counting or Counting()))


def value(samples: Samples, name: str, **labels: str) -> float | None:
    """Return the one value whose labels include these; None: there is no such sample."""
    wanted = set(labels.items())
    found = [one for key, one in samples.get(name, {}).items() if wanted <= key]
    assert len(found) <= 1, f"{name} {labels} is ambiguous"
    return found[0] if found else None


def openmetrics_names(text: bytes) -> set[str]:
    """Return the names of the metrics; raises ValueError for what is not OpenMetrics."""
    return {family.name for family in openmetrics(text.decode())}  # type: ignore[no-untyped-call]
