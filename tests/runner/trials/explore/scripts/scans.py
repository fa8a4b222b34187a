"""Minutes from badge scans against a share of the session's length."""


def status(user, session, api):
    scans = api.scans()
    length = int((session.ends_at - session.starts_at).total_seconds() // 60)
    if scans.count == 0:
        return message("Scan in at the door")
    if scans.count > 6:
        return message("You come and go")
    if scans.minutes * 100 >= length * 80:
        return message("Full attendance")
    if scans.minutes >= 15 and scans.last_out is not None:
        return message(f"{scans.minutes} min so far")
    return hidden()


# shows: Scan in at the door
# shows: You come and go
# shows: Full attendance
# shows: {…} min so far
# shows: hidden
