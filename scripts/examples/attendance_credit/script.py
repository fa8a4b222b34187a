"""Attendance and credit together: "Attended 52 min - claim 1.0 CE", from the badge scans of this session.

Connection  ethosce            an EthosCE site, basic authentication
Settings    claim_url          where attendees claim, for example https://cme.example.org/claim
            minutes_per_credit minutes of attendance for one credit; 50 if not set
"""

from decimal import Decimal

GREEN = "#006109"
ORANGE = "#9B3900"


def status(user, session, api):
    if session.credits is None:
        return hidden()

    scans = api.scans()
    if scans.first_in is None:
        return message_before_first_scan(session, api)
    if scans.last_out is None and api.now() < session.ends_at:
        return message("Checked in", color=GREEN)

    amount = Decimal(session.credits)
    needed = int(amount * api.settings.get("minutes_per_credit", 50))
    if scans.minutes < needed:
        api.log("attended", scans.minutes, "of", needed, "minutes")
        return message(f"Attended {scans.minutes} of {needed} min")

    if credit_awarded(user, session, api):
        return message("Credit claimed", color=GREEN)
    link = with_query(f"{api.settings['claim_url']}/{session.id}", return_to=api.return_url())
    return message(f"Attended {scans.minutes} min - claim {amount} CE", link=link, color=ORANGE)


def message_before_first_scan(session, api):
    if api.now() < session.ends_at:
        return message("Scan your badge at the door")
    return hidden()


def credit_awarded(user, session, api):
    answer = api.get("ethosce", "/course_credit_awarded.json", params={"uid": user.id, "nid": session.id})
    if not answer.ok:
        raise ValueError(f"EthosCE answered {answer.status}")
    return len(answer.json()["list"]) > 0
