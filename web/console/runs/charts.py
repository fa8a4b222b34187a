"""Small charts, drawn as SVG on the server. The table beside a chart has its numbers, so the chart itself has no text."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

#: Units of the drawing, which is as wide as its place on the page.
WIDTH, HEIGHT, GAP = 240, 40, 2
#: The least height of a bar that is not 0.
_LEAST = 2.0

_BAR = Markup('<rect class="bar" x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}"></rect>')
_CHART = Markup(
    '<svg class="chart {kind}" viewBox="0 0 {width} {height}" role="img" aria-label="{label}" preserveAspectRatio="none">'
    '<line class="base" x1="0" x2="{width}" y1="{height}" y2="{height}"></line>{bars}</svg>'
)
_SHARE = Markup(
    '<svg class="chart share" viewBox="0 0 {width} {height}" aria-hidden="true" preserveAspectRatio="none">{bar}</svg>'
)


def bars(values: Sequence[int], *, label: str, most: int, kind: str = "") -> Markup:
    """Draw one bar for each value; a bar of `most` is as high as the chart. `label` is what a screen reader says."""
    step = WIDTH / max(len(values), 1)
    drawn = []
    for place, value in enumerate(values):
        if value > 0:
            height = max(_LEAST, HEIGHT * value / max(most, 1))
            drawn.append(_BAR.format(x=place * step, y=HEIGHT - height, width=max(step - GAP, 1), height=height))
    return _CHART.format(kind=kind, width=WIDTH, height=HEIGHT, label=label, bars=Markup("").join(drawn))


def share(value: int, most: int) -> Markup:
    """Draw one bar from the left; `most` is as long as the chart. The number stands beside it."""
    width = max(_LEAST, WIDTH * value / max(most, 1)) if value > 0 else 0
    return _SHARE.format(width=WIDTH, height=HEIGHT, bar=_BAR.format(x=0, y=0, width=width, height=HEIGHT))
