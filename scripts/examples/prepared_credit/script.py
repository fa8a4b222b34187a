"""CE credit for a large session: the site is asked once for everybody, and for one attendee only if nothing is known yet.

Connection  ethosce    an EthosCE site, basic authentication
Settings    claim_url  where attendees claim, for example https://cme.example.org/claim
"""

GREEN = "#006109"
ORANGE = "#9B3900"
PAGE = 500


def prepare(session, api):
    facts = {}
    page = 0
    while True:
        rows = enrolled(session, api, page)
        for row in rows:
            facts[row["uid"]] = {"claimed": row["awarded"] == "1"}
        if len(rows) < PAGE:
            return facts
        page += 1


def status(user, session, api):
    if session.credits is None:
        return hidden()
    if api.now() < session.ends_at:
        return message(f"{session.credits} CE when it ends")

    # Right after coming back from the site there are no facts: then the site is asked itself.
    claimed = api.facts["claimed"] if "claimed" in api.facts else credit_awarded(user, session, api)
    if claimed:
        return message("Credit claimed", color=GREEN)

    link = with_query(f"{api.settings['claim_url']}/{session.id}", return_to=api.return_url())
    return message(f"Claim {session.credits} CE credit", link=link, color=ORANGE)


def enrolled(session, api, page):
    answer = api.get(
        "ethosce",
        "/course_enrollment.json",
        params={"nid": session.id, "limit": PAGE, "page": page},
    )
    if not answer.ok:
        # Facts that were prepared before stay as they are.
        raise ValueError(f"EthosCE answered {answer.status}")
    return answer.json()["list"]


def credit_awarded(user, session, api):
    answer = api.get(
        "ethosce",
        "/course_credit_awarded.json",
        params={"uid": user.id, "nid": session.id},
    )
    if not answer.ok:
        raise ValueError(f"EthosCE answered {answer.status}")
    return len(answer.json()["list"]) > 0
