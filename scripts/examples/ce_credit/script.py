"""CE credit: claim it at the learning site, and see "Credit claimed" after coming back.

Connection  ethosce    an EthosCE site, basic authentication
Settings    claim_url  where attendees claim, for example https://cme.example.org/claim
"""

GREEN = "#006109"
ORANGE = "#9B3900"


def status(user, session, api):
    if session.credits is None:
        return hidden()
    if api.now() < session.ends_at:
        return message(f"{session.credits} CE when it ends")

    if credit_awarded(user, session, api):
        return message("Credit claimed", color=GREEN)

    link = with_query(f"{api.settings['claim_url']}/{session.id}", return_to=api.return_url())
    return message(f"Claim {session.credits} CE credit", link=link, color=ORANGE)


def credit_awarded(user, session, api):
    answer = api.get(
        "ethosce",
        "/course_credit_awarded.json",
        params={"uid": user.id, "nid": session.id},
    )
    if not answer.ok:
        # Never guess: after a failed run, the app still shows the last good message, with its age.
        raise ValueError(f"EthosCE answered {answer.status}")
    return len(answer.json()["list"]) > 0
