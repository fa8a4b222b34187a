"""Attendance in words, the same for organizers and for attendees: minutes, attended or not, and by which rule."""

from __future__ import annotations

from records.attendance.minutes import AttendanceRules, BadgeAttendance


def in_words(found: BadgeAttendance) -> str:
    """Say what is counted at a session: "52 min, attended"."""
    minutes = "minutes not known" if found.minutes is None else f"{found.minutes} min"
    if found.attended is None:
        return f"{minutes}, attendance not known"
    return f"{minutes}, {'attended' if found.attended else 'not attended'}"


def rule_in_words(rules: AttendanceRules) -> str:
    """Say when somebody has attended a session: "at least 45 minutes, or 80 % of the session"."""
    parts = [f"at least {rules.minutes_needed} minutes"] if rules.minutes_needed else []
    parts += [f"at least {rules.percent_needed} % of the session"] if rules.percent_needed else []
    return ", or ".join(parts) or "any time in the session"
