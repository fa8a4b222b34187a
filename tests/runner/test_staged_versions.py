"""Two versions in service: each user sees one of them, a failed stage leaves no user without a message, and stopping stops."""

from __future__ import annotations

import dataclasses
import json

import pytest
from sqlalchemy import update

from records import ConnectionDraft, DatabaseUnavailable, SecretBox, audit
from records.agenda import sessions
from records.changes.scripts import deployments
from records.changes.scripts.readiness import Without
from records.people import users
from records.scripts import deployments as rules
from records.scripts import versions
from records.scripts.deployments import Deployment
from records.tenants import connections, implementations
from runner.explanations.status_explanation import explain
from runner.queues.status_jobs import QUEUE, RunOrder
from runner.runs.draining.wanted_runs import perform_run
from runner.runs.rollout_reverts import RolloutReverts
from runner.status.service import StatusRequest
from sandbox import Outcome, OutcomeKind
from tests.support.eventually import eventually
from tests.support.vendors import Vendor, reply

ANN = StatusRequest("acme", "ann", "s1")
OLD = "def status(user, session, api):\n    return message('Old')\n"
NEW = "def status(user, session, api):\n    return message('New')\n"
BAD = "def status(user, session, api):\n    return message(user.attributes['missing'])\n"


def request(user):
    return StatusRequest("acme", user, "s1")


def staged(house, source, share=50):
    version = house.store("acme", source)
    house.commit(deployments.stage, version.number, share, without=Without.REVIEW)
    return version


def of_each(house):
    """A user who sees the active version, and one who sees the staged one."""
    seen = house.service._snapshots.implementation("acme")
    names = [f"user{number}" for number in range(100)]
    return (
        next(name for name in names if seen.seen_by(name) is seen.active),
        next(name for name in names if seen.seen_by(name) is not seen.active),
    )


@pytest.fixture
def ask(house, work_off):
    """Ask until there is an answer; returns the status."""

    def answered(user):
        status = house.service.ask(request(user))
        if status.state == "checking":
            work_off()
            status = house.service.ask(request(user))
        return status

    return answered


def test_each_user_sees_one_version_at_every_request_and_the_run_says_which(house, ask):
    house.add(source=OLD)
    new = staged(house, NEW)
    outside, inside = of_each(house)
    for _ in range(3):
        assert ask(outside).message.text == "Old"
        assert ask(inside).message.text == "New"
    assert eventually(lambda: len(house.runs()) == 2)
    runs = {run.user: run.version for run in house.runs()}
    assert runs[inside] == new.sha256
    assert runs[outside] != new.sha256
    other = house.new_service()
    try:
        assert other.ask(request(inside)).message.text == "New"
    finally:
        other.close()


def test_a_run_of_the_staged_version_may_take_twice_as_long_for_the_run_that_may_follow_it(house, worker_services):
    house.add(source=OLD)
    new = staged(house, NEW)
    seen = house.service._snapshots.implementation("acme")
    outside, inside = of_each(house)
    assert seen.run_seconds(seen.seen_by(outside)) == seen.wall_s
    assert seen.run_seconds(seen.seen_by(inside)) == 2 * seen.wall_s
    assert worker_services.bundles.get("acme", new.sha256).active == seen.active.sha256
    assert worker_services.bundles.get("acme", seen.active.sha256).active == ""


def test_widening_keeps_who_is_in_and_what_is_cached_and_activating_ends_the_difference(house, ask):
    house.add(source=OLD)
    staged(house, NEW, share=30)
    outside, inside = of_each(house)
    run = ask(inside).run
    house.commit(deployments.widen, 90, expected=2)
    assert ask(inside).run == run
    house.commit(deployments.activate, 2, without=Without.REVIEW)
    assert (ask(inside).message.text, ask(outside).message.text) == ("New", "New")


def test_a_roll_back_takes_effect_with_the_next_request_and_revert_too(house, ask):
    house.add(source=OLD)
    house.activate("acme", NEW)
    assert ask("ann").message.text == "New"
    house.commit(deployments.roll_back, expected=2)
    assert ask("ann").message.text == "Old"
    house.commit(deployments.stage, 2, 50, without=Without.REVIEW)
    _, inside = of_each(house)
    assert ask(inside).message.text == "New"
    house.commit(deployments.revert, expected=2)
    assert ask(inside).message.text == "Old"


def test_a_request_that_is_under_way_while_a_version_is_deployed_ends_with_one_of_the_two(house, work_off):
    house.add(source=OLD)
    assert house.service.ask(ANN).state == "checking"  # queued for the old version
    house.activate("acme", NEW)
    work_off()
    assert house.service.ask(ANN).state == "checking"  # what the old one found is not the answer any more
    work_off()
    assert house.service.ask(ANN).message.text == "New"


def test_a_staged_version_that_fails_leaves_its_user_with_the_active_versions_message(house, ask):
    house.add(source=OLD)
    bad = staged(house, BAD)
    _, inside = of_each(house)
    status = ask(inside)
    assert (status.state, status.message.text, status.stale) == ("ready", "Old", False)
    assert eventually(lambda: len(house.runs()) == 2)
    instead, failed = house.runs()
    assert (failed.version, failed.outcome, failed.shown_as, failed.message) == (
        *(bad.sha256, "raised", "active version"),
        None,
    )
    assert (instead.outcome, instead.shown_as, instead.because) == ("returned", "fresh", "staged failed")
    assert instead.version != bad.sha256
    assert status.run == instead.id


class AlarmOnce:
    """A sandbox in which the kernel kills the first child; what really does that is tested with the jail."""

    def __init__(self, sandbox):
        self._sandbox = sandbox
        self._outcomes = [Outcome(OutcomeKind.CRASHED, alarm=True)]

    def run(self, *given, on_end, **named):
        if not self._outcomes:
            return self._sandbox.run(*given, on_end=on_end, **named)
        outcome = self._outcomes.pop()
        on_end(outcome)
        return outcome


def test_an_alarm_of_the_staged_version_suspends_it_and_its_user_sees_the_active_one(house, ask, worker_services):
    house.add(source=OLD)
    new = staged(house, NEW)
    _, inside = of_each(house)
    resolved = house.service._resolve(request(inside))
    claimed = worker_services.cache.claim(resolved.key, "run-1")
    order = RunOrder("acme", inside, "s1", new.sha256, resolved.edition, "run-1", claimed.generation)
    perform_run(dataclasses.replace(worker_services, sandbox=AlarmOnce(worker_services.sandbox)), order)
    with house.database.reading() as db:
        acme = implementations.find(db, "acme")
        live = rules.live(db, acme)
        assert live.staged is None
        assert live.active[1].suspended_at is None
        assert "run-1" in versions.find_version(db, acme, new.sha256).suspended_reason
    house.service.changed("acme")
    assert ask(inside).message.text == "Old"
    assert eventually(lambda: "staged failed" in {run.because for run in house.runs()})


def test_both_versions_fail_and_the_fallback_text_is_shown(house, ask):
    house.add(source=BAD, fallback_text="Later")
    staged(house, BAD.replace("missing", "other"))
    _, inside = of_each(house)
    assert ask(inside).message.text == "Later"
    assert eventually(lambda: sorted(run.shown_as for run in house.runs()) == ["active version", "fallback"])


def test_after_a_return_a_failed_stage_shows_the_active_versions_new_message_and_never_an_old_one(house, ask, work_off):
    house.add(source=OLD)
    staged(house, BAD)
    _, inside = of_each(house)
    ask(inside)
    back = house.service.returned(request(inside))
    assert back.state == "checking"
    work_off()
    assert eventually(lambda: len(house.runs()) >= 4)
    assert {run.returned_at is not None for run in house.runs()[:2]} == {True}


def test_what_was_found_before_is_not_shown_again_after_a_change_that_is_undone(house, ask):
    """A user may have come back from the vendor meanwhile, and must not read the old message again."""
    house.add(source=OLD)
    assert ask("ann").message.text == "Old"
    house.activate("acme", NEW)
    house.service.returned(ANN)
    house.commit(deployments.roll_back, expected=2)
    assert house.service.ask(ANN).state == "checking"
    assert ask("ann").message.text == "Old"
    house.commit(deployments.stage, 2, 90, without=Without.REVIEW)
    _, inside = of_each(house)
    house.service.returned(request(inside))
    house.commit(deployments.revert, expected=2)
    assert house.service.ask(request(inside)).state == "checking"


COUNTED = """
def status(user, session, api):
    return message("Number " + str(api.get("vendor", "/x").json()["n"]))
"""


@pytest.fixture
def vendor():
    count = iter(range(100))
    started = Vendor(lambda _: reply({"n": next(count)}))
    yield started
    started.close()


def test_a_run_after_an_activation_takes_no_vendors_answer_that_was_cached_before_the_return(house, ask, vendor):
    house.add(source=COUNTED)
    with house.database.session() as db:
        draft = ConnectionDraft("vendor", vendor.url, development=True, cache_s=600)
        connections.save(db, SecretBox(house.settings.keys), implementations.find(db, "acme"), draft)
    house.service.changed("acme")
    assert ask("ann").message.text == "Number 0"
    assert ask("bob").message.text == "Number 0"  # the cached answer is of everybody who asks the same
    house.service.returned(ANN)
    house.redis.delete(
        "st:orders:{acme}:back"
    )  # the run that the return asked for has not begun when the edition changes
    house.activate("acme", COUNTED + "# a new edition, which knows of no return\n")
    assert ask("bob").message.text == "Number 0"
    assert ask("ann").message.text == "Number 1"
    house.activate("acme", COUNTED + "# and another one\n")
    assert ask("ann").message.text == "Number 1"  # asked since the return
    assert len(vendor.requests) == 2


def test_a_return_while_scripts_are_stopped_outdates_what_was_found_before_it(house, ask):
    house.add(source=OLD)
    assert ask("ann").message.text == "Old"
    before = house.service._resolve(ANN)
    house.commit(deployments.stop, reason="wrong credits")
    assert house.service.returned(ANN).state == "hidden"
    stopped = house.service._resolve(ANN)
    assert house.redis.hget(stopped.key, "gen") == b"1"
    assert house.redis.hget(stopped.key, "lock") is None
    assert house.redis.llen(f"rq:queue:{QUEUE}") == 0  # and no run is made
    house.commit(deployments.go_on)
    assert house.service._resolve(ANN).key not in (before.key, stopped.key)


def test_a_message_of_a_suspended_active_version_is_not_shown_to_users_of_a_failing_stage(house, ask):
    house.add(source=OLD)
    staged(house, BAD)
    _, inside = of_each(house)
    assert ask(inside).message.text == "Old"
    house.commit(deployments.suspend, 1)
    status = ask(inside)
    assert (status.state, status.message) == ("hidden", None)


class OneBundle:
    """The bundles of a worker that loses its database after it has read the first one."""

    def __init__(self, bundles):
        self._bundles = bundles
        self._left = 1

    def get(self, *given):
        self._left -= 1
        if self._left < 0:
            raise DatabaseUnavailable("it is away")
        return self._bundles.get(*given)


def test_an_alarm_is_not_lost_when_the_active_version_cannot_be_read(house, worker_services):
    house.add(source=OLD, fallback_text="Later")
    new = staged(house, NEW)
    _, inside = of_each(house)
    resolved = house.service._resolve(request(inside))
    claimed = worker_services.cache.claim(resolved.key, "run-1")
    order = RunOrder("acme", inside, "s1", new.sha256, resolved.edition, "run-1", claimed.generation)
    broken = dataclasses.replace(
        worker_services, sandbox=AlarmOnce(worker_services.sandbox), bundles=OneBundle(worker_services.bundles)
    )
    with pytest.raises(DatabaseUnavailable):
        perform_run(broken, order)
    with house.database.reading() as db:
        assert "run-1" in versions.find_version(db, implementations.find(db, "acme"), new.sha256).suspended_reason
    assert json.loads(house.redis.hget(resolved.key, "body"))["message"]["text"] == "Later"
    assert eventually(lambda: [run.alarm for run in house.runs()] == [True])


def test_a_suspended_stage_leaves_the_active_version_and_a_suspended_active_one_hides_its_users(house, ask):
    house.add(source=OLD, fallback_text="Later")
    staged(house, NEW)
    outside, inside = of_each(house)
    assert ask(inside).message.text == "New"
    house.commit(deployments.suspend, 2)
    assert ask(inside).message.text == "Old"
    house.commit(deployments.reinstate, 2)
    assert ask(inside).message.text == "Old"
    house.commit(deployments.suspend, 1)
    assert house.service.ask(request(outside)).state == "hidden"


def test_while_scripts_are_stopped_nothing_runs_and_no_earlier_message_is_shown(house, ask, work_off):
    house.add(source=OLD)
    assert ask("ann").message.text == "Old"
    queued = house.service.ask(request("bob"))
    assert queued.state == "checking"
    house.commit(deployments.stop, reason="wrong credits")
    status = house.service.ask(ANN)
    assert (status.state, status.message, status.refresh_after) == ("hidden", None, 30)
    assert house.service.returned(ANN).state == "hidden"
    work_off()
    house.commit(deployments.go_on)
    assert house.service.ask(ANN).state == "checking"  # what was found before the stop is not shown again
    assert ask("ann").message.text == "Old"
    assert ask("bob").message.text == "Old"
    assert eventually(
        lambda: [run.user for run in house.runs()].count("bob") == 1
    )  # the one that was queued is not made


def test_while_scripts_are_stopped_the_fallback_text_is_shown_where_a_message_would_be_and_why_says_so(house, ask):
    house.add(source=OLD, fallback_text="Status is back soon", user_types=["attendee"])
    assert ask("ann").message.text == "Old"
    house.commit(deployments.stop, reason="wrong credits")
    status = house.service.ask(ANN)
    assert (status.state, status.message.text, status.stale, status.run, status.as_of) == (
        *("ready", "Status is back soon", False),
        *(None, None),
    )
    assert house.service.ask(request("bob")).state == "hidden"  # of another user type: nothing would be shown anyway
    with house.database.reading() as db:
        acme = implementations.find(db, "acme")
        user, session = users.find(db, acme, "ann"), sessions.find(db, acme, "s1")
        found = explain(db, acme, user, session, lambda: house.service.look(ANN))
    said = "".join(str(part) for part in found.why)
    assert "All scripts are stopped since" in said
    assert "(wrong credits). No run is made. The fallback text “Status is back soon” is shown." in said
    assert found.displayed.message.text == "Status is back soon"


def look(house, watch):
    """Let this watch look now, whatever worker has claimed the stage."""
    with house.database.session() as db:
        db.execute(update(Deployment).values(next_look_at=None))
    watch._next_at = 0.0
    watch.look()


def texts_worked_off(house, names, work_off):
    """What these users are shown after their runs; None for one whose run was made for a version that was reverted meanwhile."""
    for name in names:
        house.service.ask(request(name))
    work_off()
    statuses = [house.service.ask(request(name)) for name in names]
    return {status.message.text if status.message else None for status in statuses}


def test_a_bad_stage_is_reverted_by_the_worker_itself_and_no_user_was_left_without_a_message(
    house, work_off, worker_services
):
    house.add(source=OLD)
    source = "def status(user, session, api):\n    return message('New' if user.attributes['ok'] else user.attributes['no'])\n"
    bad = staged(house, source)
    names = [f"user{number}" for number in range(60)]
    with house.database.session() as db:
        acme = implementations.find(db, "acme")
        for name in names:
            users.remember(db, acme, name, users.UserProfile(username=name, attributes={"ok": False}))
    house.service.changed("acme")
    assert eventually(lambda: texts_worked_off(house, names, work_off) == {"Old"})
    told = []
    watch = RolloutReverts(house.database, on_reverted=lambda slug: (told.append(slug), house.service.changed(slug)))

    def reverted():
        look(house, watch)
        with house.database.reading() as db:
            return rules.live(db, implementations.find(db, "acme")).staged is None

    assert eventually(reverted)  # here, or by the worker's own watch
    with house.database.reading() as db:
        entry = audit.recent(db)[0]
        assert (entry.actor, entry.action) == ("the service", "script.reverted")
        assert "of the staged version" in entry.reason
        assert versions.find_version(db, implementations.find(db, "acme"), bad.sha256).suspended_at is None
    house.service.changed("acme")
    assert {house.service.ask(request(name)).state for name in names} <= {"ready", "checking"}
    assert eventually(lambda: texts_worked_off(house, names, work_off) == {"Old"})


def test_a_good_stage_is_left_alone_by_the_worker(house, work_off, worker_services):
    house.add(source=OLD)
    staged(house, NEW)
    names = [f"user{number}" for number in range(40)]
    for name in names:
        house.service.ask(request(name))
    work_off()
    assert eventually(lambda: len(house.runs()) == 40)
    watch = RolloutReverts(house.database, on_reverted=pytest.fail)
    look(house, watch)
    with house.database.reading() as db:
        deployment, _ = rules.live(db, implementations.find(db, "acme")).staged
        assert deployment.looks >= 1
