"""Prefixes, suffixes and parts of texts of the user."""


def status(user, session, api):
    badge = user.badge_id
    if badge.startswith("VIP-"):
        if badge.endswith("-GOLD"):
            return message("Gold lounge, level 4")
        return message("Lounge, level 2")
    if user.username.lower().strip().endswith("@press.example.org"):
        return message("Press desk, hall 3")
    if "student" in user.attributes.get("groups", ""):
        return message("Student corner")
    return hidden()


# shows: Gold lounge, level 4
# shows: Lounge, level 2
# shows: Press desk, hall 3
# shows: Student corner
# shows: hidden
