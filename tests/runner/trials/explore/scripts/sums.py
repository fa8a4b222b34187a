"""Sums and counts over rows of a vendor."""


def status(user, session, api):
    rows = api.get("credits", "/ledger", params={"user": user.id}).json()["rows"]
    total = sum(row["points"] for row in rows)
    if total >= 1000:
        return message("Gold member")
    if len(rows) > 3 and total == 42:
        return message("The answer")
    best = max([row["points"] for row in rows], default=0)
    if best > 250:
        return message(f"Best: {best} points")
    return message(f"{total} points")


# shows: Gold member
# shows: The answer
# shows: Best: {…} points
# shows: {…} points
