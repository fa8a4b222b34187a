"""The style sheet for the messages that a page draws: one class for each colour, because a page allows no inline style."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response

from records.colours import dark_mode_colour, is_colour
from web.console.scripts.views_base import blueprint
from web.permissions import Permission, needs
from web.problem_details import HttpProblem

#: Colours of one style sheet.
MOST = 64
#: The address contains the colours, so its content never changes.
FOR_EVER = "private, max-age=31536000, immutable"


@blueprint.get("/message-colours/<colors>.css")
@needs(Permission.SEE_SCRIPTS)
def message_colours(implementation: str, colors: str) -> Response:  # noqa: ARG001 - the address of the page has it, too
    """Give a class for each colour, `.tint-006109`. Inside `.light` and `.dark` it is that of the mode, whatever the page has."""
    names = [f"#{one}" for one in colors.split("-")]
    if len(names) > MOST or not all(map(is_colour, names)):
        raise HttpProblem(HTTPStatus.NOT_FOUND, "Colours are six hexadecimal digits in lower case each.")
    lines = [_rules(one) for one in dict.fromkeys(names)]
    return Response("".join(lines), mimetype="text/css", headers={"Cache-Control": FOR_EVER})


def _rules(color: str) -> str:
    name, dark = f".tint-{color[1:]}", dark_mode_colour(color)
    return (
        f"{name},.light {name}{{--message:{color}}}\n.dark {name}{{--message:{dark}}}\n"
        f"@media (prefers-color-scheme:dark){{{name}{{--message:{dark}}}}}\n"
    )
