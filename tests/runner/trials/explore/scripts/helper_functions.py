"""Texts from helper functions, with parameters and default arguments."""

GREEN = "#006109"
RED = "#B20000"


def status(user, session, api):
    data = api.get("lab", "/results/" + user.id).json()
    value = data["value"]
    if data["unit"] == "mg":
        value = value / 1000
    return shown(level(value), urgent=value > 12.5)


def level(value):
    if value < 0.5:
        return "low"
    return "high" if value > 9 else "normal"


def shown(word, urgent=False):
    if urgent:
        return message("Call the lab", color=RED)
    return message("Your result is " + word, color=GREEN)


# shows: Your result is low
# shows: Your result is high
# shows: Your result is normal
# shows: Call the lab
