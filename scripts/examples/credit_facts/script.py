"""CE credit from facts: what the learning site told beforehand comes first, and a call only where it told nothing.

Facts       claimed    whether the attendee has claimed the credit of this session; the site pushes it
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

    if credit_claimed(user, session, api):
        return message("Credit claimed", color=GREEN)

    link = with_query(f"{api.settings['claim_url']}/{session.id}", return_to=api.return_url())
    return message(f"Claim {session.credits} CE credit", link=link, color=ORANGE)


def credit_claimed(user, session, api):
    # After a return there are no facts from before it, so the site itself is asked whether the claim was made.
    if "claimed" in api.facts:
        return api.facts["claimed"]
    answer = api.get(
        "ethosce",
        "/course_credit_awarded.json",
        params={"uid": user.id, "nid": session.id},
    )
    if not answer.ok:
        # Never guess: after a failed run, the app still shows the last good message, with its age.
        raise ValueError(f"EthosCE answered {answer.status}")
    return len(answer.json()["list"]) > 0
