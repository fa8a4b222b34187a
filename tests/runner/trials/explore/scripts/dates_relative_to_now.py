"""Windows of days, hours and minutes around the session."""

from datetime import timedelta


def status(user, session, api):
    now = api.now()
    left = session.starts_at - now
    if left > timedelta(days=30):
        return message("Save the date")
    if timedelta(0) < left <= timedelta(hours=2):
        return message("Starts soon")
    if now > session.ends_at + timedelta(days=365):
        return message("Archived")
    minutes = int((now - session.ends_at).total_seconds() // 60)
    if minutes == 90:
        return message("Ninety minutes later")
    if 14 <= (now - session.ends_at).days < 15:
        return message("Last day to claim")
    return hidden()


# shows: Save the date
# shows: Starts soon
# shows: Archived
# shows: Ninety minutes later
# shows: Last day to claim
# shows: hidden
