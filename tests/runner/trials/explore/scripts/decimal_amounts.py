"""Exact amounts of credits and of a balance that comes as a text."""

from decimal import Decimal


def status(user, session, api):
    if session.credits is None:
        return hidden()
    if session.credits == Decimal("2.25"):
        return message("A quarter more")
    account = api.get("bank", "/accounts/" + user.id).json()
    balance = Decimal(account["balance"])
    if account["currency"] != "EUR":
        return message("Pay in euro")
    if balance < 0:
        return message("Settle your account")
    if balance == Decimal("19.99"):
        return message("One drink left")
    return message(f"{session.credits} CE")


# shows: hidden
# shows: A quarter more
# shows: Pay in euro
# shows: Settle your account
# shows: One drink left
# shows: {…} CE
