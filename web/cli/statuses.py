"""`session-status status get`: what a user is shown for a session, asked as the app asks, and the run behind it.

It goes the whole way: cache, queue, worker, jail, vendor. So it also tells whether that way is open.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any

import click

from records import Run, runs, scripts, users
from runner.shown import Status
from runner.status import Asker, StatusDesk, UnknownSession

from .complaints import ANSWER_IS_NO, Complaint
from .drawing import INDENT, error_lines, happened, message_lines
from .examples import examples
from .surroundings import Place, find_served, place
from .tables import print_compact

PATIENCE_S = 20.0  #: for a run to end
TRACE_S = 3.0  #: for its trace to be written, which happens behind the answer
PAUSE_S = 0.3


@click.group("status")
def status_group() -> None:
    """Ask for statuses."""


@status_group.command(
    "get",
    epilog=examples(
        "session-status status get demo CE-101 --user 165",
        "session-status status get demo CE-101 --user 165 --returned --json",
    ),
)
@click.argument("implementation")
@click.argument("session")
@click.option("--user", required=True, metavar="SUBJECT", help="Whose status: what scripts see as user.id.")
@click.option("--returned", is_flag=True, help="As if the user came back from the vendor: check anew.")
@click.option("--json", "as_json", is_flag=True, help="What the app would get, and the run under `trace`, on one line.")
def get(implementation: str, session: str, user: str, *, returned: bool, as_json: bool) -> None:
    """Show the status of SESSION for a user, and the run that found it out.

    It is asked through the real cache and queue, so a worker has to be running. Exit status: 1 when no answer came.
    """
    asker = Asker(implementation, user, session)
    with place() as here:
        if not here.settings.redis_url:
            raise Complaint("There is no store to ask through: set REDIS_URL, or start `session-status up` first.")
        require_user(here, asker)
        found = ask(here, asker, returned=returned)
        trace = trace_of(here, asker, found.run) if found.run else None
        why = "" if found.run or found.state != "hidden" else why_hidden(here, asker)
    told = json.loads(found.as_json())
    if as_json:
        print_compact(told | {"trace": trace})
    else:
        click.echo("\n".join((*lines(told, trace), *([f"{INDENT}{why}"] if why else []))))
    if found.state in ("checking", "unavailable"):
        click.echo("No answer came. Is a worker running? `session-status doctor` says.", err=True)
        raise SystemExit(ANSWER_IS_NO)


def require_user(here: Place, asker: Asker) -> None:
    """Raise Complaint when the implementation or the user is not known."""
    with here.database.reading() as db:
        owner = find_served(db, asker.implementation)
        if users.find(db, owner, asker.user) is None:
            raise Complaint(
                f"{asker.implementation} has never seen a user {asker.user!r}. "
                f"`session-status users list {asker.implementation}` lists those it has."
            )


def ask(here: Place, asker: Asker, *, returned: bool) -> Status:
    """Ask until there is an answer, as the app does, for a while."""
    desk = StatusDesk.open(here.settings, here.database)
    end = time.monotonic() + PATIENCE_S
    try:
        found = desk.returned(asker) if returned else desk.ask(asker, wait_s=1.0)
        while found.state == "checking" and time.monotonic() < end:
            time.sleep(PAUSE_S)
            found = desk.ask(asker, wait_s=1.0)
    except UnknownSession:
        raise Complaint(f"The agenda of {asker.implementation} has no session {asker.session!r}.") from None
    else:
        return found
    finally:
        desk.close()


def why_hidden(here: Place, asker: Asker) -> str:
    """Why nothing is shown though no run said so."""
    with here.database.reading() as db:
        owner = find_served(db, asker.implementation)
        if scripts.active(db, owner) is None:
            return f"no script is in service: `session-status implementation show {owner.slug}` says more"
        limits = f"show_when is {owner.show_when!r}, user_types are {', '.join(owner.user_types) or 'all'}"
    return f"no run was needed: not at this time, or not for this user ({limits})"


def trace_of(here: Place, asker: Asker, run_id: str) -> dict[str, Any] | None:
    """The run's trace; it is written a moment after the answer."""
    end = time.monotonic() + TRACE_S
    while time.monotonic() < end:
        with here.database.reading() as db:
            found = runs.find(db, find_served(db, asker.implementation), run_id)
        if found:
            return trace_json(found)
        time.sleep(PAUSE_S)
    return None


def trace_json(run: Run) -> dict[str, Any]:
    """A trace as plain JSON values."""
    plain = ("id", "version", "outcome", "alarm", "shown_as", "warnings", "calls", "log", "error", "usage", "given")
    return {"started_at": run.started_at.isoformat()} | {name: getattr(run, name) for name in plain}


def lines(told: dict[str, Any], trace: dict[str, Any] | None) -> Iterable[str]:
    """The status as the app would draw it, and the run in a few lines."""
    yield f"{told['state']}{' (stale)' if told['stale'] else ''}"
    message = told["message"]
    if message:
        link = (message["action"] or {}).get("url")
        yield ""
        yield from message_lines({"text": message["text"], "color": message["color"], "link": link})
        yield ""
    if trace is None:
        return
    yield f"{INDENT}run      {trace['id']}: {trace['outcome']}, shown as {trace['shown_as']}, {trace['started_at']}"
    if trace["error"]:
        yield from error_lines(trace["error"])
    yield from happened(trace)
    yield f"{INDENT}used     {trace['usage'].get('wall_ms', 0):.1f} ms"
