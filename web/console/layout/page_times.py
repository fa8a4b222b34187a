"""The times of a page of the console: all in one zone, which its frame names if there is any time on it.

The zone follows from whose page it is (`web.time_format`), so that no template can choose another.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask, g
from markupsafe import Markup

from records import Implementation
from web.time_format import TimeFormatter

_TIME = Markup('<time datetime="{instant}" title="{exact}">{words}</time>')


class PageTimes:
    """The clock of one page. `shown` is whether the page has a time on it, known once its body is rendered."""

    def __init__(self, clock: TimeFormatter, *, shown: bool = False) -> None:
        self.clock = clock
        self.shown = shown

    def draw(self, at: datetime, **how: bool) -> Markup:
        """Return a moment as an element: in words, exact on hover, and the instant for programs in UTC.

        `how` is as in `TimeFormatter.words`.
        """
        self.shown = True
        instant = at.astimezone(UTC).isoformat(timespec="seconds")
        return _TIME.format(instant=instant, exact=self.clock.exact(at), words=self.clock.words(at, **how))


def install(app: Flask) -> None:
    """Give templates `moment(at)`; macros see it, too."""
    app.jinja_env.globals["moment"] = lambda at, **how: of_this_page().draw(at, **how)


def begin(implementation: Implementation | None, *, shown: bool) -> PageTimes:
    """Choose the clock of the page that is rendered next. `shown`: it has times even where no moment is drawn."""
    g.page_times = PageTimes(TimeFormatter.of(implementation), shown=shown)
    return of_this_page()


def of_this_page() -> PageTimes:
    """Return the times of the page that is being rendered."""
    found: PageTimes = g.page_times
    return found
