"""Why a user sees what they see, in words: by the rules that need no run, and by the cache and the runs.

A reason is a sequence of texts and times, because only the page or the command knows in which time zone to show them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeAlias

from records import AgendaSession, Implementation, User, support_references
from records.plurals import counted
from runner.status.cache import STEPS_S
from runner.status.displayed_status import DisplayedStatus
from runner.status.status_body import LOGIN_TEXT
from runner.status.visibility import HidingRule

Reason: TypeAlias = tuple[str | datetime, ...]

#: `show_when` as part of a sentence.
WHEN = {
    "during": "during the session",
    "after": "after the session",
    "during or after": "from the beginning of the session on",
}


def refused(implementation: Implementation, user: User, session: AgendaSession) -> Reason | None:
    """Say why the status is not even looked up for this user; None if it is. The first rule that applies counts.

    1. An archived implementation is not served.
    2. A person who is locked out has no login, and cannot log in.
    3. A retired session is not served.
    """
    if implementation.archived_at is not None:
        return ("Archived since ", implementation.archived_at, ": this implementation is not served.")
    if user.disabled_at is not None:
        return (
            "Locked out since ",
            user.disabled_at,
            (
                f" ({user.disabled_reason}). Their logins have ended, so they see “{LOGIN_TEXT}”, and logging in is refused. "
                "No run is made for them."
            ),
        )
    if session.retired_at is not None:
        return (
            f"The agenda no longer contains the session {session.session_id}: it has been retired since ",
            session.retired_at,
            ". The app is told that there is no such session. No run is made for it.",
        )
    return None


def of_cache(
    implementation: Implementation, user: User, session: AgendaSession, displayed: DisplayedStatus
) -> Reason | None:
    """Say why no answer of a run is displayed; None if one is."""
    if displayed.state == "unavailable":
        return ("The store does not answer, so attendees are told that the status cannot be shown right now.",)
    if displayed.hidden_by:
        return _hidden(implementation, user, session, displayed.hidden_by)
    if displayed.state == "late":
        return _late(displayed)
    if displayed.state == "checking":
        return (
            (
                f"The user came back from the message's link, and the status is being checked again "
                f"({displayed.rechecks} of {len(STEPS_S)} re-checks made). The old message is shown as being checked."
            ),
            *_waiting(displayed),
        )
    if displayed.state == "nothing":
        return (*_no_answer(displayed), " If that run fails, ", *_after_failure(implementation, displayed))
    return None


def of_last_good(implementation: Implementation, displayed: DisplayedStatus) -> Reason:
    """Say why an earlier answer is displayed although a newer run has ended: that run failed."""
    which = f" ({support_references.of_run(displayed.stored_by)})" if displayed.stored_by else ""
    limit = counted(implementation.last_good_minutes, "minute")
    text = f"The newest run{which} failed, so the last good answer is shown, for at most {limit} after it was found"
    last = displayed.last_good
    return (f"{text}: until ", _until(implementation, last.found_at), ".") if last else (f"{text}.",)


def of_parent(session: AgendaSession, displayed: DisplayedStatus) -> Reason:
    """Say that a sub-session shows its parent's message; empty for a session that shows its own."""
    if displayed.session == session.session_id:
        return ()
    return (f"A sub-session shows the message of the session that it is part of, {displayed.session}. ",)


def _hidden(implementation: Implementation, user: User, session: AgendaSession, rule: HidingRule) -> Reason:
    """Say why a rule that needs no run hides the message."""
    when = WHEN.get(implementation.show_when, implementation.show_when)
    match rule:
        case HidingRule.SCANS:
            opens = session.starts_at - timedelta(minutes=implementation.scan_opens_minutes)
            closes = session.ends_at + timedelta(minutes=implementation.scan_closes_minutes)
            return (
                "This person scans badges: from ",
                opens,
                " to ",
                closes,
                " they see the button for it instead of a message. No run is made.",
            )
        case HidingRule.NO_SCRIPT:
            return ("No version is active, so nothing is shown.",)
        case HidingRule.USER_TYPE:
            types = ", ".join(implementation.user_types)
            own = f"the user type “{user.user_type}”" if user.user_type else "no user type"
            return (f"This user has {own}, and messages are shown only to these user types: {types}. No run is made.",)
        case HidingRule.NOT_YET:
            begins = session.ends_at if implementation.show_when == "after" else session.starts_at
            return (f"Messages are shown {when}, which is not before ", begins, ". No run is made until then.")
        case HidingRule.STOPPED:
            stopped: Reason = ("since ", implementation.stopped_at) if implementation.stopped_at else ("for now",)
            fallback = implementation.fallback_text
            shown = (
                f"The fallback text “{fallback}” is shown."
                if fallback
                else "There is no fallback text, so nothing is shown."
            )
            return (
                "All scripts are stopped ",
                *stopped,
                f" ({implementation.stopped_reason}). No run is made. {shown}",
            )
        case HidingRule.OVER:
            return (f"Messages are shown only {when}, and it ended at ", session.ends_at, ". No run is made any more.")


def _late(displayed: DisplayedStatus) -> Reason:
    since: Reason = ("since ", displayed.waiting_since) if displayed.waiting_since else ("for too long",)
    return (
        "No run has ended ",
        *since,
        ", so the user is told that the status cannot be shown right now. Is a worker running?",
    )


def _no_answer(displayed: DisplayedStatus) -> Reason:
    if displayed.running:
        return ("There is no fresh answer now, and the user sees “Checking…”.", *_waiting(displayed))
    return ("There is no fresh answer now. The next look starts a run and shows “Checking…” meanwhile.",)


def _waiting(displayed: DisplayedStatus) -> Reason:
    """Say how far the run is that the user waits for."""
    if not displayed.running:
        return ()
    how = "A run is under way" if displayed.began else "A run waits for a worker"
    since: Reason = ("; the user has waited since ", displayed.waiting_since) if displayed.waiting_since else ()
    return (f" {how}", *since, ".")


def _after_failure(implementation: Implementation, displayed: DisplayedStatus) -> Reason:
    """Say what a failed run would show, as `runner.runs.outcome_to_status` decides it."""
    last = displayed.last_good
    if last and _until(implementation, last.found_at) > datetime.now(tz=last.found_at.tzinfo):
        message = last.message
        text = (
            f"the last good message is shown: “{message.text}”, from "
            if message
            else "nothing is shown, as after the last good run, from "
        )
        return (text, last.found_at, " (until ", _until(implementation, last.found_at), ").")
    if implementation.fallback_text:
        return (f"the fallback text “{implementation.fallback_text}” is shown.",)
    return ("nothing is shown: there is no last good message that is young enough, and no fallback text.",)


def _until(implementation: Implementation, found_at: datetime) -> datetime:
    return found_at + timedelta(minutes=implementation.last_good_minutes)
