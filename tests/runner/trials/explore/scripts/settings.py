"""Everything hangs on settings, among them one that must be a number and one that names a mode."""


def status(user, session, api):
    mode = api.settings.get("mode", "off")
    if mode == "off":
        return hidden()
    if mode == "banner":
        return message(api.settings["banner_text"])
    if mode == "limit":
        seats = int(api.settings["seats"])
        if seats <= 0:
            return message("Full")
        if seats < 10:
            return message(f"Only {seats} seats left")
        return message("Seats available")
    if api.settings.get("beta") and user.id in api.settings["beta_users"]:
        return message("Welcome to the beta")
    return message("Unknown mode")


# shows: hidden
# shows: {…}
# shows: Full
# shows: Only {…} seats left
# shows: Seats available
# shows: Welcome to the beta
# shows: Unknown mode
