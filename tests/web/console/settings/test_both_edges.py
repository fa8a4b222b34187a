"""One rule, both edges: a change in the console and the same change on the command line leave the same behind.

Each change is made twice, on two copies of the same records. Rows, audit entries, announcements and ended logins are
compared, and for the changes that change nothing, and those that are refused, it is looked at that there are none.
"""

import time
from dataclasses import dataclass, field

import pytest
from click.testing import CliRunner

from records import ALL_TABLES, AuditEntry, Database, SecretBox, audit
from records.agenda import agenda_imports
from records.audit import AuditContext
from records.changes import agenda, facts, retirement
from records.people import grants, users
from records.storage import environment_mark
from records.tenants import implementations
from runner.logins import LoginStore
from runner.settings.operator_settings import Settings
from runner.status.change_events import CHANGED
from tests.support.application import KEY, copied
from tests.support.people import visitor
from tests.support.stub_status_service import PUBLIC_URL, SAME_ORIGIN
from tests.web.console.settings.staff_people import Person
from tests.web.console.settings.test_agenda_page import GOOD, bring, checked
from web.cli import main

#: What differs by its nature: moments, random keys, who did it, and what holds these together.
LEFT_OUT = {
    "marked_at",
    "retired_at",
    *(
        "created_at",
        "changed_at",
        "imported_at",
        "archived_at",
        "disabled_at",
        "last_seen_at",
        "decided_at",
        "added_at",
    ),
    *("activated_at", "uploaded_at", "not_after", "created_by", "changed_by", "imported_by", "decided_by"),
    *("made_at", "revoked_at", "sealed_secret", "sealed_key", "certificate", "sha256", "content", "file_name"),
}
#: The file that waits for its import is the console's way to preview one.
NO_TABLES = {"audit_entries", "audit_head", "agenda_uploads"}
BIDI = "Ask \u202eat the desk"
BEFORE = AuditContext("tests")


@dataclass
class Left:
    """What a change left behind."""

    rows: dict
    entries: list
    told: list
    ended: set
    refused: bool
    words: str = field(compare=False, default="")


@dataclass(frozen=True)
class Change:
    """One change, as a page's request and as the arguments of a command."""

    name: str
    page: object  # what a person does in the console; returns the response
    command: object  # the arguments, or what gives them for the records
    before: object = None  # what is done to the records of both first
    stdin: str | None = None


def post(path, form=None, **typed):
    """Send a form of the implementation `demo`: as it is shown at `form`, with what was typed."""
    return lambda person: person.post(path, ({} if form is None else person.form(form)) | typed)


def add_implementation(person):
    person.post("/nowhere")  # fetches the form's token
    form = {"csrf_token": person._token, "slug": "aha27", "called": "AHA 2027", "time_zone": "Europe/Berlin"}
    return person.http.post("/console/add", data=form, headers=SAME_ORIGIN)


def first_grant(kind):
    """The number of the first grant of a kind."""

    def find(db):
        return next(each.id for each in grants.every(db, implementations.find(db, "demo")) if each.kind == kind)

    return find


def revoke(number):
    def page(person):
        with person.app.extensions["auth services"].database.reading() as db:
            return person.post(f"/roles/all/{number(db)}/remove")

    return page


def by_type(db):
    grants.add(db, implementations.find(db, "demo"), kind="user type", value="Staff", role="scanner", by="tests")


def imported(db):
    agenda.import_file(
        db, implementations.find(db, "demo"), agenda_imports.read(GOOD.encode(), "Europe/Berlin"), BEFORE
    )


def undo(person):
    with person.app.extensions["auth services"].database.reading() as db:
        number = agenda_imports.last_import(db, implementations.find(db, "demo")).id
    return person.post(f"/agenda/undo/{number}")


def archived(db):
    retirement.archive(db, implementations.find(db, "demo"), BEFORE)


def with_secret(db):
    facts.make_secret(db, SecretBox([KEY]), implementations.find(db, "demo"), BEFORE)


SURVEY = {
    "name": "survey", "base_url": "https://api.survey.example/v2", "auth_kind": "api_key_header",
    "header_name": "X-Api-Key", "secret": "top-s3cret-key", "methods": ["GET"], "path_prefixes": "/",
    "timeout_s": "2.5", "cache_s": "0", "max_body_bytes": "1024",
}  # fmt: skip
ADD = ("connection", "add", "demo")
BUDGET = ("implementation", "set", "demo")
SURVEY_COMMAND = (
    *("--base-url", SURVEY["base_url"], "--auth", "api_key_header", "--auth-field", "name=X-Api-Key"),
    *("--secret-env", "VENDOR_KEY", "--timeout", "2.5"),
)
ETHOSCE = "/connections/ethosce"
SET = ("connection", "set", "demo", "ethosce")

CHANGES = [
    Change(
        "an implementation is added",
        add_implementation,
        ("implementation", "add", "aha27", "--name", "AHA 2027", "--time-zone", "Europe/Berlin"),
    ),
    Change(
        "general settings",
        post("/settings", "/settings", name="Demo 2027", fallback_text="Ask at the desk", fresh_seconds="30"),
        (*BUDGET, "name=Demo 2027", "fallback_text=Ask at the desk", "fresh_seconds=30"),
    ),
    Change(
        "who sees messages, and when",
        post("/settings", "/settings", show_when="during", more_user_types="Member"),
        (*BUDGET, "show_when=during", "user_types=Member"),
    ),
    Change(
        "settings of the script, and budgets",
        post("/settings/script", "/settings/script", script_settings='{"token": "t0ken"}', wall_s="2,5"),
        (*BUDGET, 'script_settings={"token": "t0ken"}', 'limits={"wall_s": 2.5}'),
    ),
    Change(
        "link hosts", post("/settings/link-hosts", link_hosts="a.example.org"), (*BUDGET, "link_hosts=a.example.org")
    ),
    Change(
        "addresses of the app",
        post("/app", app_redirect_uris="com.example.app:/login"),
        (*BUDGET, "app_redirect_uris=com.example.app:/login"),
    ),
    Change(
        "the bound of roles from the provider",
        post("/roles/from-provider", mapped_roles=["scanner", "organizer"]),
        (*BUDGET, "mapped_roles=scanner,organizer"),
    ),
    Change(
        "archived",
        post("/retirement/archive", reason="it is over"),
        ("implementation", "archive", "demo", "--reason", "it is over"),
    ),
    Change("restored", post("/retirement/restore"), ("implementation", "restore", "demo"), archived),
    Change("removed", post("/retirement/remove", slug="demo"), ("implementation", "remove", "demo", "--yes"), archived),
    Change("a secret for facts is made", post("/settings/facts/secrets"), ("facts", "secret", "create", "demo")),
    Change(
        "a secret for facts is revoked",
        post("/settings/facts/secrets/1/revoke"),
        ("facts", "secret", "revoke", "demo", "1"),
        with_secret,
    ),
    Change("a connection is added", post("/connections/new", **SURVEY), (*ADD, "survey", *SURVEY_COMMAND)),
    Change("a connection is changed", post(ETHOSCE, ETHOSCE, timeout_s="2"), (*SET, "--timeout", "2")),
    Change("a secret is given", post(ETHOSCE, ETHOSCE, secret="top-s3cret-key"), (*SET, "--secret-env", "VENDOR_KEY")),
    Change("a connection is removed", post(f"{ETHOSCE}/remove"), ("connection", "remove", "demo", "ethosce", "--yes")),
    Change("a vendor is called again", post(f"{ETHOSCE}/call-again"), ("connection", "retry", "demo", "ethosce")),
    Change(
        "a role for a username",
        post("/roles/all", role="organizer", kind="username", values="ada@example.org", name=""),
        ("role", "grant", "demo", "organizer", "--username", "ada@example.org"),
    ),
    Change(
        "a role for an attribute",
        post("/roles/all", role="scanner", kind="attribute", values="desk", name="groups"),
        ("role", "grant", "demo", "scanner", "--attribute", "groups=desk"),
    ),
    Change(
        "a role of a username is revoked",
        revoke(first_grant("username")),
        lambda db: ("role", "revoke", "demo", str(first_grant("username")(db))),
    ),
    Change(
        "a role of a user type is revoked",
        revoke(first_grant("user type")),
        lambda db: ("role", "revoke", "demo", str(first_grant("user type")(db))),
        by_type,
    ),
    Change("the provider is removed", post("/provider/remove"), ("saml", "remove", "demo", "--yes")),
    Change("the agenda is imported", lambda person: bring(person, GOOD), ("sessions", "import", "demo", "FILE")),
    Change("the import is undone", undo, ("sessions", "undo", "demo"), imported),
]

UNCHANGED = [
    Change("the same settings", post("/settings", "/settings"), (*BUDGET, "name=Demo Congress")),
    Change(
        "the same bound",
        post("/roles/from-provider", mapped_roles=["scanner"]),
        (*BUDGET, "mapped_roles=scanner"),
    ),
    Change("the same connection", post(ETHOSCE, ETHOSCE), (*SET, "--timeout", "3")),
    Change(
        "a role that is given already",
        post("/roles/all", role="organizer", kind="username", values="OLGA@example.org", name=""),
        ("role", "grant", "demo", "organizer", "--username", "OLGA@example.org"),
    ),
    Change(
        "the same agenda",
        lambda person: bring(person, GOOD),
        ("sessions", "import", "demo", "FILE"),
        imported,
    ),
]

REFUSED = [
    Change(
        "a fallback text that turns the direction of writing",
        post("/settings", "/settings", fallback_text=BIDI),
        (*BUDGET, f"fallback_text={BIDI}"),
    ),
    Change(
        "a fallback text that cannot be seen",
        post("/settings", "/settings", fallback_text="\u2800\u200b"),
        (*BUDGET, "fallback_text=\u2800\u200b"),
    ),
    Change(
        "a connection called new",
        post("/connections/new", **(SURVEY | {"name": "new"})),
        (*ADD, "new", *SURVEY_COMMAND),
    ),
    Change(
        "a connection whose name is taken",
        post("/connections/new", **(SURVEY | {"name": "ethosce"})),
        (*ADD, "ethosce", *SURVEY_COMMAND),
    ),
    Change(
        "a budget above the operator's",
        post("/settings/script", "/settings/script", wall_s="29"),
        (*BUDGET, 'limits={"wall_s": 29}'),
    ),
    Change(
        "a role of the staff in a conference",
        post("/roles/all", role="administrator", kind="username", values="ada@example.org", name=""),
        ("role", "grant", "demo", "administrator", "--username", "ada@example.org"),
    ),
    Change("archived twice", post("/retirement/archive"), ("implementation", "archive", "demo"), archived),
    Change(
        "removed while in use", post("/retirement/remove", slug="demo"), ("implementation", "remove", "demo", "--yes")
    ),
    Change(
        "an agenda with faults",
        lambda person: checked(person, GOOD.replace("09:00", "soon")),
        ("sessions", "import", "demo", "BAD"),
    ),
]


def ids(changes):
    return [change.name for change in changes]


@pytest.fixture
def settings(valkey_url):
    return Settings(environment="development", public_url=PUBLIC_URL, secret_key=KEY, redis_url=valkey_url)


@pytest.fixture
def heard(redis):
    """The slugs that processes are told on the store since the last call."""
    subscription = redis.pubsub(ignore_subscribe_messages=True)
    subscription.subscribe(CHANGED)
    subscription.get_message(timeout=1)  # that it listens

    def slugs():
        found = []
        while (message := subscription.get_message(timeout=0.05)) is not None:
            found.append(message["data"].decode())
        return found

    yield slugs
    subscription.close()


@pytest.fixture
def in_the_console(app, browser_for, database, redis, heard):
    """Make a change in the console, and say what it left."""

    def make(change):
        administrator = Person(app, "administrator")
        first = prepared(change, database)
        answer = change.page(administrator)
        assert answer.status_code < 500
        told = sorted(set(browser_for.told) | set(heard()))
        refused = answer.status_code in (403, 422)
        return left(database, first, redis, told, refused=refused, words=answer.text)

    return make


@pytest.fixture
def on_the_command_line(seeded, tmp_path, valkey_url, redis, heard):
    """Make a change on the command line, and say what it left."""
    database = Database(f"sqlite:///{copied(seeded, tmp_path / 'command.db')}")
    files = {"FILE": GOOD, "BAD": GOOD.replace("09:00", "soon")}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    env = {
        "SESSION_STATUS_ENV": "development",
        "SESSION_STATUS_DATA_FOLDER": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'command.db'}",
        "REDIS_URL": valkey_url,
        "SESSION_STATUS_SECRET_KEY": KEY,
        "VENDOR_KEY": SURVEY["secret"],
    }

    def make(change):
        first = prepared(change, database)
        arguments = change.command
        if callable(arguments):
            with database.reading() as db:
                arguments = arguments(db)
        arguments = [str(tmp_path / one) if one in files else one for one in arguments]
        result = CliRunner().invoke(main, arguments, env=env)
        assert result.exit_code in (0, 1, 2), result.exception
        words = result.stdout + result.stderr
        return left(database, first, redis, heard(), refused=result.exit_code != 0, words=words)

    yield make
    database.dispose()


def prepared(change, database):
    """Do what comes before the change; return the number of the last audit entry."""
    with database.session() as db:
        environment_mark.change(db, environment_mark.DEVELOPMENT)
        if change.before:
            change.before(db)
    with database.reading() as db:
        newest = audit.recent(db, limit=1)
        return newest[0].number if newest else 0


def left(database, first, redis, told, **more):
    ended = LoginStore(redis).ended_logins
    with database.reading() as db:
        everybody = [("demo", subject) for subject in ("olga", "arno", "ada")] + [("staff", "root")]
        since = {key: visitor(*key, since=int(time.time()) - 60) for key in everybody}
        entries = [one for one in audit.recent(db, limit=1000) if one.number > first]
        found = Left(rows(db), [told_by(one) for one in entries], sorted(told), set(), **more)
        assert audit.verify(db).ok
    found.ended = {key for key, one in since.items() if ended.is_ended(*key, one.login, one.since)}
    redis.flushdb()
    return found


def told_by(entry: AuditEntry):
    detail = {name: value for name, value in entry.detail.items() if name not in ("system_user", "file")}
    return entry.implementation, entry.action, entry.target, entry.reason, detail


def rows(db):
    """All rows of all tables, without what differs by its nature; of a secret, whether there is one."""
    found = {}
    for table in (one.__table__ for one in ALL_TABLES if one.__tablename__ not in NO_TABLES):
        all_rows = [dict(row._mapping) for row in db.execute(table.select())]
        found[table.name] = sorted(
            repr({name: name in row and row[name] is not None if name in LEFT_OUT else row[name] for name in row})
            for row in all_rows
        )
    return found


@pytest.mark.parametrize("change", CHANGES, ids=ids(CHANGES))
def test_a_change_leaves_the_same_behind_whichever_edge_made_it(change, in_the_console, on_the_command_line):
    by_page, by_command = in_the_console(change), on_the_command_line(change)
    assert not by_page.refused, by_page.words
    assert not by_command.refused, by_command.words
    assert by_page.entries
    assert by_page.entries == by_command.entries
    assert by_page == by_command
    assert SURVEY["secret"] not in repr(by_page.entries)
    assert "t0ken" not in repr(by_page.entries)


@pytest.mark.parametrize("change", UNCHANGED, ids=ids(UNCHANGED))
def test_what_changes_nothing_is_no_change_on_either_edge(change, in_the_console, on_the_command_line):
    for left_by in (in_the_console(change), on_the_command_line(change)):
        assert not left_by.refused, left_by.words
        assert (left_by.entries, left_by.told, left_by.ended) == ([], [], set()), left_by.words


@pytest.mark.parametrize("change", REFUSED, ids=ids(REFUSED))
def test_what_is_refused_is_refused_by_both_edges_and_leaves_nothing(change, in_the_console, on_the_command_line):
    by_page, by_command = in_the_console(change), on_the_command_line(change)
    for left_by in (by_page, by_command):
        assert left_by.refused, left_by.words
        assert (left_by.entries, left_by.told, left_by.ended) == ([], [], set()), left_by.words
    assert by_page.rows == by_command.rows


def test_a_revoked_role_of_a_username_ends_the_logins_of_that_person_only(on_the_command_line):
    change = next(one for one in CHANGES if one.name == "a role of a username is revoked")
    ended = on_the_command_line(change).ended
    assert len(ended) == 1
    assert ended < {("demo", "olga"), ("demo", "arno")}


def test_archiving_ends_the_logins_of_everybody_on_both_edges(in_the_console, on_the_command_line):
    change = next(one for one in CHANGES if one.name == "archived")
    everybody = {("demo", subject) for subject in ("olga", "arno", "ada")}
    assert in_the_console(change).ended == on_the_command_line(change).ended == everybody


def test_the_records_are_those_that_the_tests_know(seeded):
    """Otherwise an ended login of a person whom no test looks at would be missed."""
    with seeded.reading() as db:
        known = [(one.slug, each.subject) for one in implementations.every(db) for each in users.every(db, one)]
    assert sorted(known) == [("demo", "ada"), ("demo", "arno"), ("demo", "olga"), ("staff", "root")]
