"""Charts over time, drawn as SVG on the server: bars for arrivals, a curve for the people in a room.

Each is drawn twice, for desks and for phones, because text in a drawing shrinks with it; the style sheet shows one of them.
The numbers of a chart stand in a table beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from markupsafe import Markup

from records.attendance.figures.curves import Timeline
from web.time_format import TimeFormatter


@dataclass(frozen=True)
class ChartSize:
    """Units of one drawing: its size, the margins for the numbers beside it, and the distance between two times."""

    name: str
    width: int
    height: int
    left: int
    bottom: int
    between: int


SIZES: Final = (ChartSize("wide", 720, 220, 44, 28, 72), ChartSize("narrow", 340, 200, 36, 28, 68))
_TOP: Final = 12
_RIGHT: Final = 24
_GAP: Final = 2
_DAY: Final = timedelta(days=1)

_SVG = Markup(
    '<svg class="curve {size}" viewBox="0 0 {width} {height}" role="img" aria-label="{label}">{grid}{shapes}{times}</svg>'
)
_LINE = Markup('<line class="{kind}" x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" y2="{y2:.1f}"></line>')
_TEXT = Markup('<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{words}</text>')
_BAR = Markup('<rect class="bar" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"></rect>')
_AREA = Markup('<path class="area" d="{path}"></path><path class="edge" d="{edge}"></path>')


@dataclass(frozen=True)
class TimeChart:
    """What is drawn: a value for each step of a time. `limit` is drawn as a line with its word, such as a room's capacity."""

    line: Timeline
    values: Sequence[int]
    clock: TimeFormatter
    label: str  #: what a screen reader says
    limit: tuple[str, int] | None = None

    @property
    def top(self) -> int:
        """The value at the top of the chart: a round one, not below any value."""
        return round_up(max([1, *self.values, *([self.limit[1]] if self.limit else [])]))

    def bars(self) -> Markup:
        """Draw one bar for each step."""
        return Markup("").join(self._drawn(size, self._bars(size)) for size in SIZES)

    def curve(self) -> Markup:
        """Draw one curve, level within each step. It ends with the last value, also if the time goes on."""
        return Markup("").join(self._drawn(size, self._curve(size)) for size in SIZES)

    def _drawn(self, size: ChartSize, shapes: Markup) -> Markup:
        return _SVG.format(
            size=size.name,
            width=size.width,
            height=size.height,
            label=self.label,
            grid=self._grid(size),
            shapes=shapes,
            times=self._times(size),
        )

    def _bars(self, size: ChartSize) -> Markup:
        step = self._x(size, 1) - self._x(size, 0)
        width = max(step - _GAP, 1)
        base = self._y(size, 0)
        drawn = [
            _BAR.format(x=self._x(size, place), y=self._y(size, value), width=width, height=base - self._y(size, value))
            for place, value in enumerate(self.values)
            if value
        ]
        return Markup("").join(drawn)

    def _curve(self, size: ChartSize) -> Markup:
        points = [
            f"{self._x(size, place + end):.1f} {self._y(size, value):.1f}"
            for place, value in enumerate(self.values)
            for end in (0, 1)
        ]
        if not points:
            return Markup("")
        edge = f"M{' L'.join(points)}"
        base = f"{self._y(size, 0):.1f}"
        area = f"M{self._x(size, 0):.1f} {base} L{' L'.join(points)} L{self._x(size, len(self.values)):.1f} {base} Z"
        return _AREA.format(path=area, edge=edge)

    def _grid(self, size: ChartSize) -> Markup:
        """Draw the level lines with their numbers, and the limit."""
        levels = (0, self.top // 2, self.top) if self.top > 1 else (0, self.top)
        drawn = []
        for level in levels:
            y = self._y(size, level)
            drawn.append(_LINE.format(kind="base", x1=size.left, x2=size.width - _RIGHT, y1=y, y2=y))
            drawn.append(_TEXT.format(kind="level", x=size.left - 8, y=y + 4, words=level))
        if self.limit:
            words, value = self.limit
            y = self._y(size, value)
            drawn.append(_LINE.format(kind="limit", x1=size.left, x2=size.width - _RIGHT, y1=y, y2=y))
            # Below its line if there is no room above.
            beside = y - 5 if y - 5 > _TOP + 8 else y + 15
            drawn.append(_TEXT.format(kind="limit-words", x=size.width - _RIGHT, y=beside, words=f"{words} {value}"))
        return Markup("").join(drawn)

    def _times(self, size: ChartSize) -> Markup:
        """Write times below, on the borders of steps, as many as have room."""
        step = self._x(size, 1) - self._x(size, 0)
        every = max(1, -(-size.between // max(int(step), 1)))
        drawn = []
        for place in range(0, self.line.count + 1, every):
            at = self.line.begins + place * self.line.step
            words = self.clock.day(at) if self.line.step >= _DAY else self.clock.minute(at)
            drawn.append(_TEXT.format(kind="time", x=self._x(size, place), y=size.height - 8, words=words))
        return Markup("").join(drawn)

    def _x(self, size: ChartSize, place: float) -> float:
        return size.left + (size.width - size.left - _RIGHT) * place / self.line.count

    def _y(self, size: ChartSize, value: float) -> float:
        height = size.height - size.bottom - _TOP
        return _TOP + height * (1 - value / self.top)


def round_up(value: int) -> int:
    """Return the smallest round number that is not below the value, such as 8 for 7, and 20 for 11."""
    power = 1
    while value > 10 * power:
        power *= 10
    return next(each * power for each in (1, 2, 4, 6, 8, 10) if each * power >= value)
