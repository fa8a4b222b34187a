"""A small machine over the events of a vendor: order counts."""


def status(user, session, api):
    state = "none"
    for event in api.get("events", "/log", params={"u": user.id}).json()["events"]:
        if event["type"] == "enrolled":
            state = "enrolled"
        elif event["type"] == "completed" and state == "enrolled":
            state = "done"
        elif event["type"] == "revoked" and state == "done":
            return message("Your certificate was revoked")
    if state == "done":
        return message("Download your certificate", link="https://certs.example.org/" + session.id)
    if state == "enrolled":
        return message("Continue the course")
    return message("Enrol")


# shows: Your certificate was revoked
# shows: Download your certificate
# shows: Continue the course
# shows: Enrol
