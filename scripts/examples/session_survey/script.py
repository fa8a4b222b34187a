"""Session survey: asks for a rating once the session is over, and thanks for it.

Connection  survey         a survey site with an API key header
Settings    survey_url     where attendees fill in a survey, for example https://survey.example.com/s
            open_days      how many days after the session it stays open; 7 if not set
Session     the talks of a symposium share one survey, that of their parent session
"""

from datetime import timedelta

GREEN = "#006109"
BLUE = "#005D8A"


def status(user, session, api):
    closes = session.ends_at + timedelta(days=api.settings.get("open_days", 7))
    if api.now() < session.ends_at or api.now() >= closes:
        return hidden()

    survey = session.parent_id or session.id
    try:
        answered = has_answered(user, survey, api)
    except ApiError as problem:
        # Asking twice does little harm, so the button stays when the survey site cannot be reached.
        api.log("survey site:", problem.kind)
        answered = False
    if answered:
        return message("Thank you for your rating", color=GREEN)

    link = with_query(f"{api.settings['survey_url']}/{survey}", return_to=api.return_url())
    return message("Rate this session", link=link, color=BLUE)


def has_answered(user, survey, api):
    answer = api.post("survey", "/v1/responses/search", json={"survey": survey, "respondent": user.id})
    if not answer.ok:
        api.log("survey site answered", answer.status)
        return False
    return answer.json()["total"] > 0
