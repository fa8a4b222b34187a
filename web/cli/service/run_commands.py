"""`session-status --service … runs list`, `show` and `tail`: the runs of an implementation, as they are recorded."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import click

from web.cli.common.errors import ANSWER_IS_NO, CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.render import INDENT, error_lines, happened, message_lines
from web.cli.common.tables import print_compact, print_json, print_table
from web.cli.common.terminal_text import plain
from web.time_format import TimeFormatter, moment

from .service_client import ServiceClient, ServiceProblem, reads_answers
from .submission_commands import implementation_argument

#: Seconds between two questions of `tail`, and runs that it remembers as shown.
EVERY_S, REMEMBERED = 2.0, 2000


@click.group("runs")
def runs_group() -> None:
    """Find past runs: why a user saw a message."""


@runs_group.command(
    "list", epilog=examples("session-status --service https://status.example.org runs list demo --failed")
)
@implementation_argument
@click.option("--user", metavar="ID", help="Only runs for this user.")
@click.option("--session", metavar="ID", help="Only runs for this session.")
@click.option("--outcome", help="Only runs with this outcome.")
@click.option("--failed", is_flag=True, help="Only failed runs.")
@click.option("--since", metavar="WHEN", help="A time, in UTC if it has no offset, or how long ago: 30m, 2h, 3d.")
@click.option("--until", metavar="WHEN", help="Only runs before this time.")
@click.option("--limit", type=click.IntRange(1, 100), default=50, show_default=True, help="Maximum number of runs.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, with whole traces.")
@click.pass_context
@reads_answers
def list_all(ctx: click.Context, /, implementation: str, *, failed: bool, as_json: bool, **options: Any) -> None:
    """List the runs of IMPLEMENTATION, newest first, as long as they are kept."""
    for name in ("since", "until"):
        options[name] = _moment(name, options[name])
    told = ServiceClient.of(ctx, implementation).get("/runs", failed=1 if failed else None, **options)
    if as_json:
        print_json(told["runs"])
        return
    clock = TimeFormatter(told["time_zone"])
    heads = (f"started ({clock.zone})", "reference", "user", "session", "outcome", "shown as", "message or error")
    print_table(heads, [run_row(run, clock) for run in told["runs"]], empty="No run matches.")


@runs_group.command(
    "show", epilog=examples("session-status --service https://status.example.org runs show demo 3f9ca71e")
)
@implementation_argument
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list; a reference can stand for more than one run.")
@click.pass_context
@reads_answers
def show(ctx: click.Context, implementation: str, run: str, *, as_json: bool) -> None:
    """Show a run with its trace. RUN is its ID or its reference. Exit status: 1 if it is not found."""
    try:
        told = ServiceClient.of(ctx, implementation).get(f"/runs/{_segment(run)}")
    except ServiceProblem as problem:
        if problem.status != 404:
            raise
        click.echo(problem.message, err=True)
        raise SystemExit(ANSWER_IS_NO) from problem
    if as_json:
        print_json(told["runs"])
        return
    for one in told["runs"]:
        click.echo("\n".join(run_lines(one, TimeFormatter(told["time_zone"]))))


@runs_group.command(
    "tail", epilog=examples("session-status --service https://status.example.org runs tail demo --failed")
)
@implementation_argument
@click.option("--user", metavar="ID", help="Only runs for this user.")
@click.option("--session", metavar="ID", help="Only runs for this session.")
@click.option("--failed", is_flag=True, help="Only failed runs.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each run, each on one line.")
@click.option("--for", "seconds", type=click.FloatRange(min=0), help="Stop after so many seconds. [default: at Ctrl-C]")
@click.pass_context
@reads_answers
def tail(
    ctx: click.Context, /, implementation: str, *, failed: bool, as_json: bool, seconds: float | None, **options: Any
) -> None:
    """Show runs as they are recorded, which is when they have ended. Ctrl-C stops."""
    client = ServiceClient.of(ctx, implementation)
    ends = None if seconds is None else time.monotonic() + seconds
    for run, clock in new_runs(client, ends, failed=1 if failed else None, **options):
        if as_json:
            print_compact(run)
        else:
            click.echo("  ".join(run_row(run, clock)))


def new_runs(
    client: ServiceClient, ends: float | None, **wanted: Any
) -> Iterable[tuple[dict[str, Any], TimeFormatter]]:
    """Yield the runs that are recorded from now on, each once, the oldest first, until `ends` (a time of the monotonic clock)."""
    began = datetime.now(UTC).isoformat(timespec="seconds")
    newest = client.get("/runs", limit=1, **wanted)["runs"]
    after = newest[0]["id"] if newest else None
    shown: OrderedDict[str, None] = OrderedDict(
        (run["id"], None) for run in _after(client, after, began, wanted)["runs"]
    )
    while True:
        told = _after(client, after, began, wanted)
        for run in reversed(told["runs"]):
            if run["id"] not in shown:
                shown[run["id"]] = None
                after = run["id"]
                yield run, TimeFormatter(told["time_zone"])
        while len(shown) > REMEMBERED:
            shown.popitem(last=False)
        if ends is not None and time.monotonic() + EVERY_S > ends:
            return
        time.sleep(EVERY_S)


def _after(client: ServiceClient, after: str | None, began: str, wanted: Mapping[str, Any]) -> Any:
    try:
        place = {"after": after} if after else {"since": began}
        return client.get("/runs", limit=100, **place, **wanted)
    except ServiceProblem as problem:
        if problem.status != 404 or not after:
            raise
        return client.get("/runs", limit=100, since=began, **wanted)  # that run is no longer kept


def run_row(run: Mapping[str, Any], clock: TimeFormatter) -> tuple[str, ...]:
    """Return a run as a row of the list."""
    at = clock.digits(datetime.fromisoformat(run["started_at"]))
    keys = (_named(run["user"], run["user_name"]), _named(run["session"], run["session_title"]))
    return (at, plain(run["reference"]), *keys, plain(run["outcome"]), plain(run["shown_as"]), plain(gist(run)))


def gist(run: Mapping[str, Any]) -> str:
    """Return the result of a run in a few words: its error, or the message."""
    if run["error"]:
        return f"{run['error']['type']}: {run['error']['text']}"[:80]
    return str(run["message"]["text"]) if run["message"] else "(hidden)"


def run_lines(run: Mapping[str, Any], clock: TimeFormatter) -> list[str]:
    """Return lines about a run and its trace."""
    user, session = _named(run["user"], run["user_name"]), _named(run["session"], run["session_title"])
    shown = run["message"] and {**run["message"], "link": (run["message"].get("action") or {}).get("url")}
    return [
        f"Run {plain(run['id'])} (reference {plain(run['reference'])})",
        f"{INDENT}for      user {user}, session {session}",
        f"{INDENT}started  {clock.exact(datetime.fromisoformat(run['started_at']))}, version {plain(run['version'][:12])}",
        f"{INDENT}outcome  {plain(run['outcome'])}, shown as {plain(run['shown_as'])}",
        *(error_lines(run["error"]) if run["error"] else ()),
        *message_lines(shown),
        *happened(run),
        f"{INDENT}used     {run['usage'].get('wall_ms', 0):.1f} ms",
    ]


def _named(key: str, name: str | None) -> str:
    return plain(f"{name} ({key})" if name else key)


def _segment(text: str) -> str:
    if not text.isascii() or not text.isprintable() or any(one in text for one in "/?#% "):
        raise CommandFailed(f"{plain(text)!r} is not the ID or the reference of a run.")
    return text


def _moment(name: str, text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return moment(text, "UTC", datetime.now(UTC)).isoformat()
    except ValueError as error:
        raise CommandFailed(f"--{name} {text!r} {error}.") from None
