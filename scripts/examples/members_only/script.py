"""Members only: handouts for members, an invitation to join for all others.

Connection  members       the association's member register, a bearer token
Settings    handouts_url  where the handouts are, for example https://library.example.org/handouts
            join_url      where people join, for example https://www.example.org/join
User        some registrations set user_type to "member"; the register knows all members
"""

GREEN = "#006109"
BLUE = "#005D8A"

NOT_FOUND = 404


def status(user, session, api):
    if not session.attributes.get("handouts"):
        return hidden()
    if user.user_type == "member" or is_member(user, api):
        return message("Get the handouts", link=f"{api.settings['handouts_url']}/{session.id}", color=GREEN)
    return message("Join to get the handouts", link=api.settings["join_url"], color=BLUE)


def is_member(user, api):
    """Ask the register. If it is down, the run fails, so that no member is turned away."""
    number = user.attributes.get("member_number")
    if not number:
        return False
    answer = api.get("members", f"/api/v3/members/{number}")
    if answer.status == NOT_FOUND:
        return False
    if not answer.ok:
        raise ValueError(f"The member register answered {answer.status}")
    return answer.json()["data"]["standing"] == "active"
