"""A status code for each message, and what to do when the vendor cannot be reached."""


def status(user, session, api):
    try:
        answer = api.post("survey", "/v2/answers", json={"user": user.id})
    except ApiError as problem:
        if problem.kind == "breaker open":
            return message("The survey is down")
        if problem.kind == "timeout":
            return message("The survey is slow today")
        raise
    if answer.status == 409:
        return message("Already answered")
    if answer.status == 429 and answer.header("retry-after") == "60":
        return message("Try again in a minute")
    if 500 <= answer.status < 600:
        return message("Try again later")
    if answer.status == 201:
        return message("Thank you")
    return hidden()


# shows: The survey is down
# shows: The survey is slow today
# shows: Already answered
# shows: Try again in a minute
# shows: Try again later
# shows: Thank you
# shows: hidden
