"""Cases of `match` on a vendor's answer, a table of lambdas, and own functions that are called with a star."""

_WORDS = {state: state.title() for state in ("open", "full")}
_TEXTS = {"open": lambda left: f"{left} seats left", "full": lambda left: "No seat left"}


def _joined(first, *more):
    return " and ".join([str(first), *map(str, more)])


def status(user, session, api):
    asked = 0

    def ask(path):
        nonlocal asked
        asked += 1
        return api.get("reg", path).json()

    match ask(f"/seats/{session.id}"):
        case {"state": "closed"}:
            return message("Registration is closed")
        case {"state": "open" | "full" as state, "left": left} if state in _WORDS:
            return message(_TEXTS[state](left))
        case {"speakers": [first, second, *_]}:
            return message(f"With {_joined(*[first, second])}")
        case {"speakers": [_]}:
            return message("One speaker")
        case None:
            return message("Unknown to the vendor")
        case _:
            return hidden()


# shows: Registration is closed
# shows: {…}
# shows: With {…}
# shows: One speaker
# shows: Unknown to the vendor
# shows: hidden
