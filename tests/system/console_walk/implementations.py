"""Implementations in which everything is set up, each in one of the ways that there are, and people of every role."""

from datetime import UTC, datetime, timedelta

from records import ConnectionDraft, ExternalAuthDraft, RunRecord, SamlDraft, UserProfile, audit, roles
from records.agenda import agenda_imports as agenda
from records.attendance import badge_setup, refused_scans
from records.attendance.badge_formats.proposals import propose
from records.attendance.badge_formats.stored_format import as_json
from records.attendance.devices import DeviceDraft
from records.attendance.ledger import chain
from records.attendance.ledger.chain import BadgeNames
from records.attendance.questions import disputes
from records.attendance.report.report_rows import ReportDigest
from records.attendance.roster import roster_imports
from records.audit import AuditContext
from records.changes import facts, retirement, webhooks
from records.changes.attendance import badge_formats, reports, rosters, scan_devices
from records.changes.attendance.reports import ReportDraft
from records.changes.scripts import submissions as handing_in
from records.changes.scripts.checked_scripts import CheckedScript
from records.facts import fact_storage, prepared_runs
from records.facts.fact_storage import FactBatch, FactSource
from records.facts.prepared_runs import PreparedRunDraft
from records.identity import external_auth as external
from records.identity import saml_providers as saml
from records.people import grants, users
from records.roles import Permission
from records.scripts import author_tokens, deployments, runs, submissions, versions
from records.scripts.author_tokens import AuthorTokenDraft
from records.scripts.reviews import CommentDraft, ReviewDecision
from records.scripts.submissions import SubmissionDraft
from records.storage.environment_mark import DEVELOPMENT
from records.tenants import connections, implementations
from records.tenants.script_needs import ScriptNeeds
from records.trials import rehearsals, replayed_runs
from records.webhooks import webhook_outbox
from records.webhooks.webhook import WebhookDraft
from runner.trials.rehearsal.rehearsal import Rehearsal
from runner.trials.rehearsal.rehearsal_report import ReportFacts, report_of
from tests.records.attendance.ledger_rows import draft
from tests.support.notices import make_next
from tests.support.saml_forge import ForgedIdp
from tests.support.vendors import reply

IDP = ForgedIdp("https://idp.example/metadata")
SECOND, THIRD = ForgedIdp(IDP.entity_id, name="second"), ForgedIdp(IDP.entity_id, name="third")
STAFF_IDP = ForgedIdp("https://ativ.example/metadata", name="staff")

#: Who walks: the implementation where they log in, and their subject there.
PEOPLE = {
    "administrator": ("staff", "root"),
    "first administrator": ("staff", "first administrator"),
    "reviewer": ("staff", "rhea"),
    "organizer": ("demo", "olga"),
    "author": ("demo", "arno"),
    "scanner": ("demo", "sam"),
    "attendee": ("demo", "ada"),
}

#: The roles that have a console. The others are told that they have none.
STAFF = tuple(name for name in PEOPLE if name == "first administrator" or roles.BY_NAME[name].may)

#: Secrets that no page may show.
SECRETS = ("s3cret-of-a-connection", "s3cret-of-the-registration-0123456789")

AGENDA = b"""ID,Title,Start Time,End Time,Location,Parent ID
CE-1,Sepsis in 2026,2026-11-23 10:00,2026-11-23 11:00,Hall 4,
CE-1a,Questions,2026-11-23 10:00,2026-11-23 11:00,,CE-1
"""

#: Beside the secret of each kind of credential.
CREDENTIALS = {
    "none": {},
    "basic": {"user": "restws"},
    "bearer": {},
    "api_key_header": {"name": "X-Api-Key"},
    "api_key_parameter": {"name": "api_key"},
    "oauth2_client_credentials": {"token_url": "https://vendor.example/token", "client_id": "us", "scope": "read"},
}

#: The External Authentication of each kind, by the implementation that has it.
EXTERNAL = {
    "demo": (
        "password",
        {
            "auth_kind": "api_key_header",
            "auth_fields": {"name": "X-Api-Key"},
            "template": {"badge": "{username}", "name": "{password}"},
            "result": {"subject": "person/id", "username": "person/mail", "first_name": "person/first"},
            "accepted": {"path": "active", "equals": True},
            "excluded_types": ["Exhibitor"],
            "excluded_text": "Please ask the registration.",
        },
    ),
    "tokens": ("introspection", {"client_id": "us", "audience": "them"}),
    "assertions": (
        "jwt",
        {"issuer": "https://org.example", "algorithm": "HS256", "login_url": "https://org.example/in"},
    ),
}


def vendor_answer(request):
    """The one vendor behind everything: metadata, a registration, a token's owner."""
    if request.path == "/metadata.xml":
        return reply(IDP.metadata(), content_type="application/samlmetadata+xml")
    person = {"id": "77", "mail": "ada@example.org", "first": "Ada"}
    return reply({"active": True, "person": person, "sub": "77", "client_id": "us", "aud": "them", "exp": 4102444800})


def fill(db, box, vendor):
    """Fill empty records; `vendor` is the address of the vendor."""
    staff = implementations.staff(db)
    saml.save(db, box, staff, _provider(STAFF_IDP), by="tests")
    demo = _demo(db)
    _people(db, staff, demo)
    draft = AuthorTokenDraft("ci", frozenset({Permission.SUBMIT_SCRIPTS}), datetime.now(UTC) + timedelta(days=30))
    author_tokens.make(db, demo, draft, person="demo/arno")
    provider = saml.save(
        db, box, demo, _provider(IDP, metadata_url=f"{vendor}/metadata.xml", development=True), by="tests"
    )
    (second,) = saml.propose(db, provider, [SECOND.certificate])
    saml.accept(db, provider, second.sha256, "staff/root")
    saml.propose(db, provider, [THIRD.certificate])
    _connections(db, box, demo, vendor)
    _webhook(db, box, demo)
    _facts(db, box, demo)
    for slug, (kind, fields) in EXTERNAL.items():
        owner = implementations.find(db, slug) or implementations.create(db, slug, f"{kind} Congress".title())
        where = {} if kind == "jwt" else {"url": f"{vendor}/{kind}?tenant=1"}
        external.save(db, box, owner, ExternalAuthDraft(kind, fields | where, SECRETS[1], development=True), by="tests")
    changing = implementations.find(db, "assertions")
    saml.roll_sp_key(db, box, saml.save(db, box, changing, _provider(IDP), by="staff/root"))
    implementations.create(db, "empty", "Empty Congress")
    closed = implementations.create(db, "closed", "Closed Congress")
    retirement.archive(db, closed, AuditContext("staff/root", "it is over"))
    for number in range(30):
        audit.append(db, actor="demo/olga", action="settings.changed", target=f"{number}", implementation="demo")
    while make_next(db):
        pass


def _provider(idp, **more):
    return SamlDraft(idp.entity_id, idp.sso_url, idp.slo_url, (idp.certificate,), **more)


def _demo(db):
    made = implementations.create(
        db,
        "demo",
        "Demo Congress",
        "Europe/Berlin",
        link_hosts=["cme.example.org"],
        app_redirect_uris=["https://app.example/login"],
        user_types=["Attendee", "Press"],
        script_settings={"credits": 1.5, "open": True},
        limits={"wall_s": 4.5},
        fallback_text="Ask the staff",
    )
    agenda.import_file(db, made, agenda.read(AGENDA, made.time_zone), AuditContext("demo/olga"), file_name="agenda.csv")
    version = versions.add_version(db, made, "def status(user, session, api):\n    return hidden()\n", by="demo/arno")
    deployments.activate(db, made, version, by="staff/root")
    _handed_in(db, made)
    _badges(db, made)
    _scanned(db, made)
    _at_the_door(db, made)
    run = RunRecord("019af1d2c3b4-5e6f00000001", "demo", "ada", "CE-1", version.sha256, _at(9), "returned", "hidden")
    runs.record_many(db, [run])
    _tried(db, made)
    return made


def handed_in_source(number):
    """The text of the version with this number."""
    return f"def status(user, session, api):\n    return message('{number}')\n"


def _badges(db, made):
    """Three examples of badges, two of which are confirmed."""
    by = AuditContext("demo/olga")
    codes = [(b"10482|Chen|Alice", "QR Code"), (b"20771|Roy|Eva", "QR Code"), (b"30993|Berg|Tom", "")]
    badge_formats.add_examples(db, made, codes, by)
    badge_formats.choose_format(db, made, as_json(propose([code for code, _ in codes])[0].format), by)
    draft = badge_setup.digest_of(badge_setup.setup_of(db, made).draft)
    for example in badge_setup.examples(db, made)[:2]:
        badge_formats.confirm_example(db, made, example.id, draft, by)


def _scanned(db, made):
    """A badge that left a session at which it was not, a refused scan, and a report."""
    made.scan_mode_exceptions = ["CE-1"]
    scans = []
    for number, minutes, direction in ((1, 1, "in"), (2, 20, "out"), (3, 40, "out")):
        at = _at(9) + timedelta(minutes=minutes)
        times = {"scanned_at": at, "corrected_at": at, "received_at": at}
        scans.append(
            (
                draft(number, session_id="CE-1", badge_id="10482", direction=direction, **times),
                BadgeNames("Chen", "Alice"),
            )
        )
    chain.append(db, chain.lock(db, made), scans)
    sent = {"id": "x", "session": "CE-9", "badge_id": "20771", "last_name": "Roy", "first_name": "Eva"}
    refused_scans.keep(db, made, [(sent, "bad_id")], actor="demo/sam", device="", received_at=_at(9))
    begun = reports.begin_report(db, made, ReportDraft())
    digest = ReportDigest(begun.terms.headings)
    list(digest.passing(row.cells for row in begun.rows(db, made)))
    reports.note_report(db, made, begun, digest, AuditContext("demo/olga"))


def _at_the_door(db, made):
    """A phone that waits for its pairing, one that is paired, and a list of attendees."""
    by, now = AuditContext("demo/olga"), datetime.now(UTC)
    for name in ("door-1", "door-2"):
        phone = scan_devices.make_for_phone(db, made, DeviceDraft(name, now, now + timedelta(hours=9)), by).value
    scan_devices.pair(db, phone.code)
    rosters.import_file(db, made, roster_imports.read(b"Badge ID,Last Name\nB-1,Chen\n"), by)


def _handed_in(db, demo):
    """A version of the author waits for a review, with a comment; an earlier one was approved."""
    for number in (2, 3):
        script = CheckedScript(handed_in_source(number), 1, (), ScriptNeeds(), "tests", b"code")
        made = handing_in.submit(db, demo, script, SubmissionDraft("Shorter"), AuditContext("demo/arno")).value
        handing_in.comment(db, demo, made.submission.number, CommentDraft("Why?", line=2), AuditContext("staff/rhea"))
        if number == 2:
            decision = ReviewDecision("approved", made.version.sha256, untried_reason="tests try nothing")
            handing_in.decide(db, demo, made.submission.number, decision, AuditContext("staff/rhea"))


def _tried(db, demo):
    """The submission that waits was tried, and its version was rehearsed."""
    submission, version = submissions.every(db, demo)[0]
    shown = {"outcome": "returned", "message": {"text": "3", "link": None, "color": "#005d8a"}}
    replayed_runs.keep(
        db, submission, {"changed": [{"run": "019af1d2c3b4-5e6f00000001", "before": shown, "after": shown}]}
    )
    explored = {"messages": [], "raised": [], "lines_unreached": [], "runs": 9, "stopped": False}
    explored["counts"] = dict.fromkeys(("messages", "raised", "lines_unreached"), 0)
    counts = dict.fromkeys(replayed_runs.KINDS, 0) | {"changed": 1}
    results = {"explore": explored, "replay": {"runs": 1, "same": 0, "counts": counts}}
    submissions.keep_results(db, submission, results)
    report, _ = report_of(Rehearsal(), ReportFacts(0, (), {}))
    report |= {"moments_chosen": ["before"], "minutes": 10, "people": 1, "sessions": 1}
    rehearsals.keep(db, version, report, [], by="demo/arno")


def _at(hour):
    return datetime(2026, 11, 23, hour, tzinfo=UTC)


def _people(db, staff, demo):
    for name, (home, subject) in PEOPLE.items():
        first = name == "first administrator"
        profile = UserProfile(
            f"{subject}@example.org", "Attendee", subject.title(), "Example", attributes={"group": ["a", "b"]}
        )
        profile = UserProfile("first administrator", "", "First", "administrator") if first else profile
        owner, provider = (staff, STAFF_IDP) if home == "staff" else (demo, IDP)
        users.remember(db, owner, subject, profile, provider="first administrator" if first else provider.entity_id)
        if name not in ("attendee", "first administrator"):
            grants.add(db, owner, kind="username", value=f"{subject}@example.org", role=name, by="staff/root")
    grants.add(db, demo, kind="user type", value="Volunteer", role="scanner", by="demo/olga")
    grants.add(db, demo, kind="attribute", name="group", value="press", role="scanner", by="session-status")
    out = users.remember(
        db, demo, "otto", UserProfile("otto@example.org", "Press", "Otto", "Out"), provider=IDP.entity_id
    )
    users.disable(db, out, "lost badge")
    disputes.make(db, demo, users.find(db, demo, "ada"), "CE-1", "I was there until the end")


def _facts(db, box, demo):
    """A secret, and facts that were pushed with it."""
    facts.make_secret(db, box, demo, AuditContext("staff/root"))
    batch = FactBatch("CE-1", datetime.now(UTC), FactSource.PUSHED, {"ada": {"claimed": False}})
    fact_storage.store(db, demo, batch)
    deployments.active_version(db, demo).prepares = True
    at = datetime.now(UTC)
    prepared_runs.record(
        db,
        demo,
        PreparedRunDraft(
            session="CE-1", version="a" * 64, because="many looks", ordered_by="the service", started_at=at, ended_at=at,
            outcome="raised", error={"type": "KeyError", "text": "'list'", "line": 9, "chain": []}, log=["page <1>"],
            calls=[{"path": "/list"}],
        ),
    )  # fmt: skip


def _webhook(db, box, demo):
    """A webhook with a message that was sent."""
    by = AuditContext("staff/root")
    draft = WebhookDraft("https://credits.example.org/hooks")
    webhooks.save(db, box, demo, draft, by, environment=DEVELOPMENT)
    webhooks.send_test(db, demo, by)
    now = datetime.now(UTC)
    webhook_outbox.note_sent(db, webhook_outbox.claim_next(db, now).id, now, 204)


def _connections(db, box, demo, vendor):
    for kind, beside in CREDENTIALS.items():
        secret = None if kind == "none" else SECRETS[0]
        draft = ConnectionDraft(f"c-{kind.replace('_', '-')}", f"{vendor}/api", kind, beside, secret, development=True)
        connections.save(db, box, demo, draft)
