"""A lookup by GET, then a POST with its result; two ids must be the same."""


def status(user, session, api):
    found = api.get("crm", "/contacts", params={"badge": user.badge_id}).json()["contacts"]
    if len(found) != 1:
        return message("Come to the help desk")
    contact = found[0]
    checked = api.post("crm", "/checks", json={"contact": contact["id"]}).json()
    if checked["contact"] != contact["id"]:
        return message("Not you")
    if checked["flags"]["dues"] == "open" and checked["flags"]["years"] >= 3:
        return message("Please pay your dues")
    return message("All is well")


# shows: Come to the help desk
# shows: Not you
# shows: Please pay your dues
# shows: All is well
