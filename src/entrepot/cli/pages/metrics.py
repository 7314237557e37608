"""The page of metrics: every number of `/metrics`, its kind and labels."""

from prometheus_client import Counter, Gauge, Histogram

from entrepot.cli.pages import Page, markdown
from entrepot.plumbing import metrics

_INTRODUCTION = """\
`GET /metrics` answers in the text format of Prometheus, without signing in, and for all worker processes of a server at
once. A histogram has the series `_bucket`, `_sum` and `_count`.
"""

Metric = Counter | Gauge | Histogram


def page() -> str:
    counted = [value for value in vars(metrics).values() if isinstance(value, Metric)]
    lines = [*markdown.heading("Metrics", Page.METRICS, "src/entrepot/plumbing/metrics.py"), _INTRODUCTION]
    lines += markdown.table(("metric", "kind", "labels", "what it is"), map(_row, counted))
    lines += ["Upper bounds of the buckets:", ""]
    lines += markdown.table(("histogram", "seconds"), map(_bounds, _histograms(counted)))
    return "\n".join(lines)


def _row(metric: Metric) -> tuple[str, ...]:
    described = metric.describe()
    [family] = described
    name = f"{family.name}_total" if family.type == "counter" else family.name
    labels = metric._labelnames  # noqa: SLF001  # the library shows them only with values
    return markdown.code(name), family.type, ", ".join(map(markdown.code, labels)), family.documentation


def _histograms(counted: list[Metric]) -> list[Histogram]:
    return [metric for metric in counted if isinstance(metric, Histogram)]


def _bounds(histogram: Histogram) -> tuple[str, str]:
    [family] = histogram.describe()
    bounds = histogram._upper_bounds  # noqa: SLF001  # as above
    return markdown.code(family.name), ", ".join("∞" if bound == float("inf") else f"{bound:g}" for bound in bounds)
