"""Pages call people by name where something was done by them, and keep the key, which no provider chooses."""

import csv
import io
import re

from records import audit
from records.people import actors, grants, users
from records.people.users import UserProfile
from records.tenants import implementations

DEMO = "/console/implementations/demo"


def done_by(database, key, action="settings.changed"):
    with database.session() as db:
        audit.append(db, actor=key, action=action, target="x", implementation="demo")


def test_the_audit_names_who_did_it_with_their_home_and_the_key_in_the_details(database, browser_for):
    done_by(database, "staff/administrator")
    text = browser_for("organizer").get(f"{DEMO}/audit").text
    assert 'title="staff/administrator"><bdi>Administrator</bdi> <span class="small quiet">staff</span>' in text
    assert "<bdi>staff/administrator</bdi>" in text


def test_an_entry_about_a_person_names_them_with_the_key_in_the_details_and_is_found_by_the_name(database, browser_for):
    with database.session() as db:
        demo = implementations.find(db, "demo")
        users.remember(db, demo, "u-7", UserProfile("g@example.org", "", "Grace", "Okonkwo"))
        users.remember(db, demo, "u-8", UserProfile("x@example.org", "", "Xaver", "Unrelated"))
        for subject, reason in (("u-7", "lost phone"), ("u-8", "left")):
            about = {"target": subject, "implementation": "demo", "reason": reason}
            audit.append(db, actor="staff/administrator", action="user.disabled", **about)
        audit.append(db, actor="staff/administrator", action="connection.saved", target="u-7", implementation="demo")
    text = browser_for("organizer").get(f"{DEMO}/audit").text
    assert '<span title="u-7"><bdi>Grace Okonkwo</bdi> <span class="small quiet">demo</span></span>' in text
    assert "<dt>key of the person</dt><dd><bdi>u-7</bdi></dd>" in text
    assert text.count("<bdi>u-7</bdi>") == 2  # in the details, and as the name of a connection
    found = browser_for("organizer").get(f"{DEMO}/audit", query_string={"target": "okonkwo"}).text
    assert ("lost phone" in found, "left" in found, "connection.saved" in found) == (True, False, False)


def test_the_file_of_the_audit_has_names_and_keys_in_columns_of_their_own(database, browser_for):
    with database.session() as db:
        users.remember(
            db, implementations.find(db, "demo"), "u-7", UserProfile("g@example.org", "", "Grace", "Okonkwo")
        )
        about = {"action": "user.disabled", "target": "u-7", "implementation": "demo"}
        audit.append(db, actor="staff/administrator", **about)
        audit.append(db, actor="command line", **about | {"target": "nobody"})
    rows = list(csv.DictReader(io.StringIO(browser_for("organizer").get(f"{DEMO}/audit.csv").text)))
    columns = "number at implementation by by_key action target target_key reason detail hash"
    assert list(rows[0]) == columns.split()
    assert [[row[name] for name in ("by", "by_key", "target", "target_key")] for row in rows] == [
        ["command line", "command line", "nobody", "nobody"],
        ["Administrator", "staff/administrator", "Grace Okonkwo", "u-7"],
    ]


def test_a_line_of_the_audit_says_what_matters_without_its_details_being_opened(database, browser_for):
    with database.session() as db:
        said = {"role": "scanner", "kind": "username", "value": "a@example.org", "system_user": "<i>kim</i>"}
        audit.append(db, actor="command line", action="grant.added", target="x", implementation="demo", detail=said)
        for name in ("attribute_map", "allow_cbc"):
            detail = {name: ["old-value", "new-value"]}
            audit.append(
                db, actor="staff/administrator", action="saml.saved", target="x", implementation="demo", detail=detail
            )
        detail = dict.fromkeys(("one", "two", "three", "four", "five_six"), "changed")
        audit.append(
            db, actor="command line", action="settings.changed", target="", implementation="demo", detail=detail
        )
    text = browser_for("organizer").get(f"{DEMO}/audit").text
    lines = re.sub(r"<details>.*?</details>", "", text, flags=re.DOTALL)
    for words in ("role scanner", "attribute map", "allow cbc", "one, two, three, four and 1 more"):
        assert f"<bdi>{words}</bdi>" in lines
    assert "run by <bdi>&lt;i&gt;kim&lt;/i&gt;</bdi>" in lines
    assert "new-value" not in lines


def test_the_audit_is_filtered_by_a_name_as_by_a_key(database, browser_for):
    with database.session() as db:
        users.remember(
            db, implementations.find(db, "demo"), "u-7", UserProfile("g@example.org", "", "Grace", "Okonkwo")
        )
    done_by(database, "demo/u-7", "by.grace")
    done_by(database, "demo/organizer", "by.another")
    for wanted in ("okonkwo", "Grace Okonkwo", "demo/u-7"):
        text = browser_for("organizer").get(f"{DEMO}/audit", query_string={"actor": wanted}).text
        assert "by.<wbr>grace" in text, wanted
        assert "by.<wbr>another" not in text, wanted


def test_a_grant_names_who_gave_it_and_a_command_stays_what_it_is(database, browser_for):
    with database.session() as db:
        demo = implementations.find(db, "demo")
        users.remember(db, demo, "u-7", UserProfile("g@example.org", "", "Grace", "Okonkwo"))
        grants.add(db, demo, kind="username", value="a@example.org", role="scanner", by="demo/u-7")
    text = browser_for("organizer").get(f"{DEMO}/roles").text
    assert 'title="demo/u-7"' in text
    assert "<bdi>Grace Okonkwo</bdi>" in text
    assert "<bdi>tests</bdi>" in text


def test_somebody_who_calls_himself_like_another_is_told_apart_by_his_home(database):
    with database.session() as db:
        users.remember(db, implementations.find(db, "other"), "x/y", UserProfile("e", "", "First", "administrator"))
        found = actors.by_keys(db, ["other/x/y", "staff/first administrator", "staff/nobody", "session-status"])
    assert {key: (one.name, one.home) for key, one in found.items()} == {
        "other/x/y": ("First administrator", "other"),
        "staff/first administrator": ("First administrator", "staff"),
    }
