"""How long a reviewer waits for the page of a submission with a 500-line difference, and for 200 rows of its replay."""

from __future__ import annotations

import json
import secrets
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from records import Database, RunRecord, UserProfile
from records.audit import AuditContext
from records.changes.scripts import submissions as changes
from records.people import grants, users
from records.roles import AUTHOR, REVIEWER
from records.scripts import runs, submissions
from records.scripts.submissions import SubmissionDraft
from records.tenants import implementations
from records.trials import replayed_runs
from runner.logins import Visitor
from runner.trials.submission import checked_script
from runner.trials.trial import TrialSandbox
from web.auth.logins import Logins

from .house import SCRIPT, SLUG, House, house
from .load import Client
from .measure import Times

LINES, ROWS, OF_A_PAGE = 500, 200, 50
PAGE = f"/console/implementations/{SLUG}/scripts/submissions/1"


def long_source() -> str:
    """The script of the house with 500 more lines, half of which differ in little from each other."""
    tables = "\n".join(f'TEXT_{number} = "Claim {number / 4} CE credits"  # {number % 7}' for number in range(LINES))
    return f"{tables}\n{SCRIPT}"


def furnish(ours: House) -> str:
    """A submission with the rows of its replay, and a reviewer; return the reviewer's cookie."""
    source, database = long_source(), Database(ours.settings.database_url, environment=ours.settings.environment)
    with TrialSandbox() as bench:
        script = checked_script(source, bench.review(source))
    start = datetime.now(UTC) - timedelta(hours=1)
    shown = {"outcome": "returned", "message": {"text": "Claim 1.0 CE credit", "link": None, "color": "#005d8a"}}
    usual = {"implementation": SLUG, "session": "S1", "version": "v", "outcome": "returned", "shown_as": "fresh"}
    with database.session() as db:
        owner, staff = implementations.find(db, SLUG), implementations.staff(db)
        assert owner
        for home, name, role in ((owner, "ann", AUTHOR), (staff, "rita", REVIEWER)):
            users.remember(db, home, name, UserProfile(f"{name}@example.org"))
            grants.add(db, home, kind="username", value=f"{name}@example.org", role=role, by="benchmark")
        made = changes.submit(db, owner, script, SubmissionDraft("Longer"), AuditContext(f"{SLUG}/ann")).value
        records = [
            RunRecord(id=f"r{number:04}", user=f"u{number}", started_at=start + timedelta(seconds=number), **usual)
            for number in range(ROWS)
        ]
        runs.record_many(db, records)
        rows = [{"run": record.id, "before": shown, "after": shown} for record in records]
        replayed_runs.keep(db, made.submission, {"changed": rows})
        counts = dict.fromkeys(replayed_runs.KINDS, 0) | {"changed": ROWS}
        explored = {"messages": [], "raised": [], "lines_unreached": [], "runs": 1, "stopped": False}
        explored["counts"] = {"messages": 0, "raised": 0, "lines_unreached": 0}
        kept = {"explore": explored, "replay": {"runs": ROWS, "same": 0, "counts": counts}}
        submissions.keep_results(db, made.submission, kept)
    database.dispose()
    now = int(time.time())
    logins = Logins(secret_keys=ours.settings.keys, secure=False, store=ours.logins)
    return f"{logins.cookie}={logins.sign(Visitor('staff', 'rita', secrets.token_urlsafe(24), now, 'saml', now))}"


def opened(client: Client, cookie: str, path: str, words: bytes) -> float:
    """Open a page; how long that took, in ms."""
    reply = client.get(path, f"Cookie: {cookie}")
    assert reply.status == 200, reply
    assert words in reply.body, path
    return reply.ms


def measure(folder: Path, *, looks: int) -> dict[str, object]:
    with house(folder, vendor_s=0.0, people=ROWS) as ours:
        cookie, client = furnish(ours), Client(ours.port)
        pages = [f"{PAGE}/replay?after={after}" for after in range(0, ROWS, OF_A_PAGE)]
        first = opened(client, cookie, PAGE, b"TEXT_499")  # this one also checks the text
        review, replay = [], []
        for _ in range(looks):
            review.append(opened(client, cookie, PAGE, b"TEXT_499"))
            replay.append(sum(opened(client, cookie, page, b"Shows something else") for page in pages))
        client.close()
    page, rows = Times(tuple(review)), Times(tuple(replay))
    together = (page.percentile(0.95) + rows.percentile(0.95)) / 1000
    return {
        "ms": {"first look": round(first), "review page": round(page.median), "200 rows": round(rows.median)},
        "targets": {
            f"a review page with a {LINES}-line difference and {ROWS} rows of its replay open, s, 95 % (at most 1)": [
                round(together, 2),
                together <= 1,
            ],
        },
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as at:
        print(json.dumps(measure(Path(at), looks=20), indent=2))
