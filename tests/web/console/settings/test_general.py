"""What attendees see, link hosts and the script's settings: what is stored, what is refused, and how that is said."""

import re
from datetime import UTC, datetime

from records import UserProfile
from records.people import users
from records.scripts import versions
from records.tenants import implementations
from tests.web.console.settings.staff_people import entries, faults


def test_a_change_is_stored_audited_with_old_and_new_and_told_to_everybody(organizer, database, browser_for):
    form = organizer.form("/settings") | {"name": "Demo 2027", "show_when": "during", "user_types": ["Attendee"]}
    answer = organizer.post("/settings", form | {"more_user_types": "Speaker\n\n  Press  "}, follow_redirects=True)
    assert "The settings are saved" in answer.text
    with database.reading() as db:
        demo = implementations.find(db, "demo")
        assert (demo.name, demo.show_when, demo.user_types) == ("Demo 2027", "during", ["Attendee", "Speaker", "Press"])
    (entry,) = entries(database, "settings.changed")
    assert entry.actor == "demo/olga"
    assert entry.implementation == "demo"
    assert entry.detail["name"] == ["Demo Congress", "Demo 2027"]
    assert "time_zone" not in entry.detail
    assert browser_for.told == ["demo"]


def test_the_user_types_that_were_seen_are_offered_as_ticks(organizer, database):
    with database.session() as db:
        for number in range(3):
            users.remember(db, implementations.find(db, "demo"), f"s{number}", UserProfile(user_type="Speaker"))
    text = organizer.get("/settings").text
    for name in ("Attendee", "Author", "Organizer", "Speaker"):
        assert re.search(rf'<input [^>]*type="checkbox"[^>]*value="{name}"', text), name


#: field -> what is typed, and a part of what is said about it
WRONG = {
    "name": ("", "Name is missing"),
    "time_zone": ("Berlin", "Time zone must be the name of a time zone"),
    "session_url": ("https://app.example/session", "must contain {session_id} exactly once"),
    "show_when": ("sometimes", "must be one of"),
    "default_color": ("#ffff00", "its contrast with white is 1.1 to 1, and must be at least 4.5 to 1"),
    "fallback_text": ("x" * 121, "must have at most 120 characters"),
    "last_good_minutes": ("soon", "must be a whole number from 0 to 10080"),
    "fresh_seconds": ("1.5", "must be a whole number from 0 to 86400"),
    "stale_seconds": ("-1", "must be a whole number from 0"),
    "more_user_types": ("y" * 101, "must have at most 100 characters"),
}


def test_every_fault_stands_at_its_field_and_what_was_typed_stays(organizer, database, browser_for):
    form = organizer.form("/settings") | {field: text for field, (text, _) in WRONG.items()}
    answer = organizer.post("/settings", form)
    assert answer.status_code == 422
    said = faults(answer)
    assert set(said) == set(WRONG)
    for field, (text, words) in WRONG.items():
        assert words in said[field], field
        assert text in answer.text or field == "show_when", field
        assert f'href="#{field}"' in answer.text, field
    assert "There is a problem" in answer.text
    assert browser_for.told == []
    assert entries(database) == []


def test_faults_between_fields_name_the_other_field_as_the_page_does(organizer):
    form = organizer.form("/settings") | {"fresh_seconds": "100", "stale_seconds": "10"}
    said = faults(organizer.post("/settings", form | {"fallback_link": "https://evil.example/"}))
    assert said["stale_seconds"] == "An older message may be shown for must be at least “A message is new for”."
    assert "link hosts" in said["fallback_link"]


def test_a_fallback_text_keeps_the_contract_of_messages(organizer):
    form = organizer.form("/settings") | {"fallback_text": "Ask at the \u200bdesk\u202e"}
    assert "changes the writing direction" in faults(organizer.post("/settings", form))["fallback_text"]


def test_link_hosts_are_for_administrators_and_each_fault_is_told(administrator, database):
    answer = administrator.post("/settings/link-hosts", {"link_hosts": "cme.example.org\nhttps://x.example/path"})
    assert "must be a host name such as" in faults(answer)["link_hosts"]
    assert "https://x.example/path" in answer.text
    administrator.post("/settings/link-hosts", {"link_hosts": "cme.example.org\nMünchen.example"})
    with database.reading() as db:
        assert implementations.find(db, "demo").link_hosts == ["cme.example.org", "xn--mnchen-3ya.example"]


def test_a_link_host_that_the_fallback_needs_cannot_go(administrator, database):
    with database.session() as db:
        values = {"fallback_text": "Help", "fallback_link": "https://cme.example.org/help"}
        implementations.update(db, implementations.find(db, "demo"), **values)
    answer = administrator.post("/settings/link-hosts", {"link_hosts": ""})
    assert answer.status_code == 422
    assert "The fallback link must lead to one of the" in answer.text
    assert "<title>Error: Link hosts" in answer.text


NO_JSON = {
    '{"a": 1,\n "b": }': "line 2, column 7",
    '\n\n{"a": 1,\n "b": }': "line 4, column 7",
    '{"a": 1, "a": 2}': "names “a” twice",
    "[1]": "must be a JSON object",
    '{"a": NaN}': "not JSON",
    '{"a": ' + "[" * 20_000 + "]" * 20_000 + "}": "nested too deep",
    '{"a": ' + "[" * 110 + "]" * 110 + "}": "nested too deep",
}


def test_script_settings_that_are_no_json_say_the_line(organizer):
    form = organizer.form("/settings/script")
    for text, said in NO_JSON.items():
        answer = organizer.post("/settings/script", form | {"script_settings": text})
        assert said in faults(answer)["script_settings"], text[:40]


def test_budgets_are_in_units_of_people_and_within_the_operators_limits(organizer, database):
    form = organizer.form("/settings/script")
    wrong = form | {"wall_s": "11", "memory_bytes": "512", "calls": "many", "cpu_s": "0", "read_bytes": "2.5"}
    said = faults(organizer.post("/settings/script", wrong))
    assert "must be at most 10 seconds here: the operator" in said["wall_s"]
    assert "must be at most 128 MiB here" in said["memory_bytes"]
    assert "must be a whole number from 0 to 100" in said["calls"]
    assert "must be a number from 0.1 to 10" in said["cpu_s"]
    assert "read_bytes" not in said  # 2.5 KiB are 2560 bytes
    good = form | {"wall_s": "2,5", "memory_bytes": "64", "script_settings": '{"claim_url": "https://x"}'}
    assert organizer.post("/settings/script", good).status_code == 303
    with database.reading() as db:
        demo = implementations.find(db, "demo")
        assert demo.limits == {"wall_s": 2.5, "memory_bytes": 64 * 1024 * 1024}
        assert demo.script_settings == {"claim_url": "https://x"}
    (entry,) = entries(database, "settings.changed")
    assert entry.detail["script_settings"] == {"added": ["claim_url"]}  # names, because people put keys into values


def test_the_audit_names_the_settings_of_the_script_that_were_added_removed_and_changed(organizer, database):
    for text in ('{"kept": 1, "gone": "s3cret", "other": 2}', '{"kept": 1, "other": "t0ken", "made": 3}'):
        form = organizer.form("/settings/script")
        assert organizer.post("/settings/script", form | {"script_settings": text}).status_code == 303
    entry = entries(database, "settings.changed")[0]
    assert entry.detail["script_settings"] == {"added": ["made"], "removed": ["gone"], "changed": ["other"]}
    page = organizer.get("/audit").text
    assert "<bdi>added made; removed gone; changed other</bdi>" in page
    assert "s3cret" not in page
    assert "t0ken" not in page


def test_the_settings_are_those_of_the_page_when_nothing_was_typed(organizer, database):
    for page in ("/settings", "/settings/script"):
        assert organizer.post(page, organizer.form(page)).status_code == 303
        assert "Nothing was changed." in organizer.get(page).text
    assert entries(database, "settings.changed") == []


def test_the_app_learns_its_addresses_and_only_exact_ones_are_taken(administrator, database):
    text = administrator.get("/app").text
    assert "https://status.example.org/m/demo/start" in text
    answer = administrator.post("/app", {"app_redirect_uris": "javascript:alert(1)"})
    assert answer.status_code == 422
    assert "javascript:alert(1)" in re.search(r"<textarea.*?</textarea>", answer.text, re.DOTALL)[0]
    administrator.post("/app", {"app_redirect_uris": "com.example.app:/login\nhttps://app.example/login"})
    with database.reading() as db:
        assert len(implementations.find(db, "demo").app_redirect_uris) == 2


def test_the_script_page_says_since_when_a_version_is_active_not_when_it_was_stored(organizer, database):
    with database.session() as db:
        demo = implementations.find(db, "demo")
        version = versions.add_version(db, demo, "x", by="tests")
        versions.activate(db, demo, version, by="tests").activated_at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    (sentence,) = re.findall(r"<p>(Version 1 has been active since .*?)</time>", organizer.get("/settings/script").text)
    assert 'datetime="2026-11-20T09:00:00+00:00"' in sentence


def test_without_an_active_version_the_script_page_says_that_nothing_is_shown(organizer):
    assert "No version of the script is active" in organizer.get("/settings/script").text
