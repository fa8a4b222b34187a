"""The times of a page of the console: all in one zone, which the frame names if the page has a time on it.

The zone is that of the page's implementation (`web.time_format`), so no template can choose another.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask, g
from markupsafe import Markup

from records import Implementation
from web.time_format import TimeFormatter

_TIME = Markup('<time datetime="{instant}" title="{exact}">{words}</time>')


class PageTimes:
    """The times of one page. `has_times`: whether the page has a time on it, which is known once its body is rendered."""

    def __init__(self, clock: TimeFormatter, *, has_times: bool = False) -> None:
        self.clock = clock
        self.has_times = has_times

    def draw(self, at: datetime, **how: bool) -> Markup:
        """Return a moment as an element: in words, exact on hover, and in UTC for programs.

        `how` are options of `TimeFormatter.words`.
        """
        self.has_times = True
        instant = at.astimezone(UTC).isoformat(timespec="seconds")
        return _TIME.format(instant=instant, exact=self.clock.exact(at), words=self.clock.words(at, **how))


def install(app: Flask) -> None:
    """Give templates and macros the function `moment(at)`."""
    app.jinja_env.globals["moment"] = lambda at, **how: of_this_page().draw(at, **how)


def begin(implementation: Implementation | None, *, has_times: bool) -> PageTimes:
    """Choose the time zone of the page that is rendered next. `has_times`: it has times even where no moment is drawn."""
    g.page_times = PageTimes(TimeFormatter.of(implementation), has_times=has_times)
    return of_this_page()


def of_this_page() -> PageTimes:
    """Return the times of the page that is being rendered."""
    found: PageTimes = g.page_times
    return found
