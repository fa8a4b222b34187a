"""The table of all routes as the application has it, in the form in which `routes.txt` keeps it."""

from pathlib import Path

from web.authors.token_access import token_need_of
from web.permissions import need_of

KEPT = Path(__file__).with_name("routes.txt")

#: Flask's own view of static files, which the door knows by name.
STATIC = "static"


def lines(app):
    """One line for each method and address: what it needs, whether the login must be fresh, what an author token must allow."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint == STATIC:
            continue
        need = need_of(app.view_functions[rule.endpoint])
        said = "NOTHING SAID" if need is None else need.permission.name + (" fresh" if need.fresh else "")
        token = token_need_of(app.view_functions[rule.endpoint])
        said += f" token:{token.name}" if token else ""
        found += [f"{method:5} {rule.rule:90} {said}" for method in sorted(rule.methods - {"HEAD", "OPTIONS"})]
    return sorted(found, key=lambda line: (line.split()[1], line))


def routes(app):
    """Yield (method, address with its arguments, permission, fresh) of the table in the file."""
    for line in KEPT.read_text().splitlines():
        if line and not line.startswith("#"):
            method, rule, permission, *more = line.split()
            yield method, rule, permission, "fresh" in more
