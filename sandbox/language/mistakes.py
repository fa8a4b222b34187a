"""What authors write from habit in place of the script API, and what it is called here: plain data.

The names come from other libraries and other products. A finding about such a name gives the right one, which no
comparison of spellings would find.
"""

from __future__ import annotations

from types import MappingProxyType

_SECRETS = "The connection has the credential and adds it to each call."
_TIME = "The operator sets how long a call to the connection may take."
_ADDRESS = "A call names a connection, which knows its address, and a path."

#: Keyword of a call -> the keywords that may be meant; the first one that the function has counts.
KEYWORDS = MappingProxyType(
    {
        "url": ("link", "path"),
        "href": ("link",),
        "button": ("link",),
        "colour": ("color",),
        "msg": ("text",),
        "title": ("text",),
        "data": ("json",),
        "body": ("json",),
        "payload": ("json",),
        "query": ("params",),
        "args": ("params",),
        "parameters": ("params",),
        "endpoint": ("path",),
        "uri": ("path",),
        "header": ("headers",),
        "separator": ("sep",),
    }
)

#: Keyword of a call -> why no call here needs it. It is left out.
NEEDLESS = MappingProxyType(
    {
        "timeout": _TIME,
        "auth": _SECRETS,
        "token": _SECRETS,
        "cert": _SECRETS,
        "verify": "Certificates are always verified.",
        "allow_redirects": "The operator sets whether a connection follows redirects.",
        "proxies": _ADDRESS,
        "stream": "An answer is always read as a whole.",
        "cookies": "A call has no cookies.",
        "end": "A line of the log ends by itself.",
        "file": "Only the log of the run can be written to.",
        "flush": "The log is written at once.",
    }
)

#: Keywords that send data, which api.get has not.
SENDING = frozenset({"json", "data", "body", "payload"})

#: (kind, name that is not there) -> what to write instead; `{owner}` is the value as the author wrote it.
FIELDS = MappingProxyType(
    {
        ("User", "name"): '{owner}.first_name + " " + {owner}.last_name',
        ("User", "full_name"): '{owner}.first_name + " " + {owner}.last_name',
        ("User", "display_name"): '{owner}.first_name + " " + {owner}.last_name',
        ("User", "firstname"): "{owner}.first_name",
        ("User", "given_name"): "{owner}.first_name",
        ("User", "lastname"): "{owner}.last_name",
        ("User", "family_name"): "{owner}.last_name",
        ("User", "surname"): "{owner}.last_name",
        ("User", "uid"): "{owner}.id",
        ("User", "user_id"): "{owner}.id",
        ("User", "login"): "{owner}.username",
        ("User", "type"): "{owner}.user_type",
        ("User", "role"): "{owner}.user_type",
        ("User", "badge"): "{owner}.badge_id",
        ("Session", "name"): "{owner}.title",
        ("Session", "session_id"): "{owner}.id",
        ("Session", "nid"): "{owner}.id",
        ("Session", "start"): "{owner}.starts_at",
        ("Session", "start_time"): "{owner}.starts_at",
        ("Session", "begins_at"): "{owner}.starts_at",
        ("Session", "end"): "{owner}.ends_at",
        ("Session", "end_time"): "{owner}.ends_at",
        ("Session", "room"): "{owner}.location",
        ("Session", "place"): "{owner}.location",
        ("Session", "parent"): "{owner}.parent_id",
        ("Session", "credit"): "{owner}.credits",
        ("Response", "code"): "{owner}.status",
        ("Response", "data"): "{owner}.json()",
        ("Api", "request"): '{owner}.get("connection", "/path")',
        ("Api", "put"): '{owner}.post("connection", "/path", json={{…}})',
        ("Api", "patch"): '{owner}.post("connection", "/path", json={{…}})',
        ("Api", "setting"): '{owner}.settings["name"]',
        ("Api", "config"): '{owner}.settings["name"]',
        ("Api", "fact"): '{owner}.facts.get("name")',
        ("Api", "print"): "{owner}.log(…)",
        ("Api", "info"): "{owner}.log(…)",
        ("Api", "debug"): "{owner}.log(…)",
        ("Api", "error"): "{owner}.log(…)",
        ("Api", "time"): "{owner}.now()",
        ("Api", "today"): "{owner}.now().date()",
        ("Api", "scan"): "{owner}.scans()",
        ("Scans", "duration"): "{owner}.minutes",
        ("Scans", "first"): "{owner}.first_in",
        ("Scans", "last"): "{owner}.last_out",
        ("ApiError", "code"): "{owner}.kind",
        ("ApiError", "reason"): "{owner}.kind",
        ("ApiError", "message"): "str({owner})",
        ("ApiError", "status"): "{owner}.kind",
    }
)
