"""The second vendor is asked only for what the first one said."""


def status(user, session, api):
    orders = api.get("shop", "/orders", params={"buyer": user.id}).json()
    paid = [order for order in orders if order["paid"] and order["item"]["session"] == session.id]
    if not paid:
        return message("Buy a ticket")
    ticket = api.get("gate", f"/tickets/{paid[0]['ticket']}").json()
    if ticket["state"] == "blocked":
        return message("Your ticket is blocked")
    if ticket["state"] == "used" and len(ticket["entries"]) >= 2:
        return message("Entered twice")
    return message("Your ticket is valid")


# shows: Buy a ticket
# shows: Your ticket is blocked
# shows: Entered twice
# shows: Your ticket is valid
