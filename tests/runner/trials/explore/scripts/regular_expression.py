"""A membership number must have its form, and one form is special."""

import re

NUMBER = re.compile(r"[A-Z]{2}-(\d{4})")


def status(user, session, api):
    number = user.attributes.get("membership", "")
    match = NUMBER.fullmatch(number)
    if not match:
        return message("Check your membership number")
    if match.group(1).startswith("19"):
        return message("Thank you for decades with us")
    if re.search(r"^X[YZ]", number):
        return message("Board member")
    return message("Member")


# shows: Check your membership number
# shows: Thank you for decades with us
# shows: Board member
# shows: Member
