"""Attendance in words, the same for organizers and for attendees: minutes, attended or not, and by which rule."""

from __future__ import annotations

from datetime import datetime

from records.agenda.sessions import AgendaSession
from records.attendance.minutes import AttendanceRules, BadgeAttendance, minutes_until


def in_words(found: BadgeAttendance) -> str:
    """Say what is counted at a session: "52 min, attended"."""
    minutes = "minutes not known" if found.minutes is None else f"{found.minutes} min"
    if found.attended is None:
        return f"{minutes}, attendance not known"
    return f"{minutes}, {'attended' if found.attended else 'not attended'}"


def counted_in_words(found: BadgeAttendance, session: AgendaSession, now: datetime) -> str:
    """Say what is counted now: while a session is held "12 min so far", because it is not known who stays."""
    if session.starts_at <= now < session.ends_at:
        return f"{minutes_until(found, now) or 0} min so far"
    return in_words(found)


def rule_in_words(rules: AttendanceRules) -> str:
    """Say when somebody has attended a session: "at least 45 minutes, or 80 % of the session"."""
    parts = [f"at least {rules.minutes_needed} minutes"] if rules.minutes_needed else []
    parts += [f"at least {rules.percent_needed} % of the session"] if rules.percent_needed else []
    return ", or ".join(parts) or "any time in the session"
