"""Pages with a token; what counts is on the second page, and three pages are one too many."""


def status(user, session, api):
    params = {"limit": "50"}
    for page_number in range(3):
        page = api.get("cvent", "/registrations", params=params).json()
        for row in page["items"]:
            if row["email"] == user.username and row["state"] == "confirmed":
                return message("Confirmed" if page_number == 0 else "Confirmed late")
        token = page.get("next")
        if not token:
            return message("Register now")
        params["token"] = token
    return message("Ask at the desk")


# shows: Confirmed
# shows: Confirmed late
# shows: Register now
# shows: Ask at the desk
