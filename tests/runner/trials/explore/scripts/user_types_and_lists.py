"""Lists of user types, roles of the user, and a parent session."""

STAFF = ("speaker", "moderator", "chair")


def status(user, session, api):
    if user.user_type in STAFF:
        if user.user_type == "chair" and session.parent_id:
            return message("You chair this symposium")
        return message("Speaker ready room: B2")
    roles = user.attributes.get("roles", [])
    if "reviewer" in roles and "editor" not in roles:
        return message("Reviewers meet at noon")
    if len(set(roles)) >= 3:
        return message("Busy person")
    return hidden()


# shows: You chair this symposium
# shows: Speaker ready room: B2
# shows: Reviewers meet at noon
# shows: Busy person
# shows: hidden
