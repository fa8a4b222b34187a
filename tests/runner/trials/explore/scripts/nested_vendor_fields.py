"""Conditions on fields that lie deep in a vendor's answer."""


def status(user, session, api):
    answer = api.get("lms", f"/learners/{user.id}/courses/{session.id}")
    if answer.status == 404:
        return message("Not enrolled")
    course = answer.json()["result"]["course"]
    if course["progress"]["percent"] >= 80 and course["exam"]["state"] == "passed":
        if course["exam"].get("honours"):
            return message("Passed with honours")
        return message("Passed")
    if course["exam"]["state"] == "failed" and course["exam"]["attempts"] > 2:
        return message("Talk to your tutor")
    return hidden()


# shows: Not enrolled
# shows: Passed with honours
# shows: Passed
# shows: Talk to your tutor
# shows: hidden
