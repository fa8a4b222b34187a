"""What each form of the console does when it is sent as rendered, and values that its fields can be changed to.

A form or a field that is not named here fails the tests: judge it, then name it.
"""

from tests.system.console_walk.implementations import THIRD

ONE = "/console/implementations/<implementation>"

#: Outcomes which write nothing: saved as it was, refused with its faults, a page that only shows something.
SAME, REFUSED, SHOWN = "the same", "refused", "shown"

#: What an untouched form may come to, by the route that it is sent to. Other words are the one audit entry it writes.
UNTOUCHED = {
    "/console/add": {REFUSED},
    "/console/mails/<int:number>/<act>": {"mail.retried", "mail.dropped"},
    "/console/notices/read": {SHOWN},  # what is read is the person's own, and leaves no entry
    "/console/notices/settings": {SAME},
    f"{ONE}/agenda": {REFUSED},
    f"{ONE}/agenda/jobs/<job>/cancel": {SHOWN},
    f"{ONE}/agenda/undo/<int:number>": {"agenda.import_undone"},
    f"{ONE}/app": {SAME},
    f"{ONE}/attendance/disputes/<int:number>": {REFUSED},
    f"{ONE}/attendance/reports": {"attendance.report_made"},
    f"{ONE}/attendance/reports/cancel": {SHOWN},
    f"{ONE}/attendance/scans/<scan>/void": {REFUSED},
    f"{ONE}/attendance/scans/add": {REFUSED},
    f"{ONE}/attendance/to-decide/question": {REFUSED},
    f"{ONE}/attendance/phone-file": {REFUSED},
    f"{ONE}/attendance/reports/check": {REFUSED},  # without a file
    f"{ONE}/connections/<name>": {SAME},
    f"{ONE}/connections/<name>/call-again": {"connection.breaker_closed"},
    f"{ONE}/connections/<name>/remove": {"connection.removed"},
    f"{ONE}/connections/<name>/try": {"connection.tried"},
    f"{ONE}/connections/new": {REFUSED},
    f"{ONE}/external/<kind>": {SAME, REFUSED},  # refused if it is another kind than that which is set
    f"{ONE}/external/introspection/try": {"external.tried"},
    f"{ONE}/external/jwt/try": {"external.tried"},
    f"{ONE}/external/password/try": {"external.tried"},
    f"{ONE}/external/remove": {"external.removed"},
    f"{ONE}/people/<int:number>/disable": {REFUSED},
    f"{ONE}/people/<int:number>/enable": {"user.enabled"},
    f"{ONE}/provider/attributes": {SAME},
    f"{ONE}/provider/certificates/<fingerprint>/<decision>": {
        "saml.certificate.accepted",
        "saml.certificate.refused",
        "saml.certificate.retired",
    },
    f"{ONE}/provider/data": {SAME, REFUSED},  # refused where no provider is connected
    f"{ONE}/provider/keys/next": {"saml.key.published"},
    f"{ONE}/provider/keys/switch": {"saml.key.switched"},
    f"{ONE}/provider/metadata": {SHOWN, REFUSED},  # refused without an address to fetch it from
    f"{ONE}/provider/policy": {SAME},
    f"{ONE}/provider/refresh": {SHOWN},
    f"{ONE}/provider/remove": {"saml.removed"},
    f"{ONE}/retirement/archive": {"implementation.archived"},
    f"{ONE}/retirement/remove": {REFUSED},
    f"{ONE}/retirement/restore": {"implementation.restored"},
    f"{ONE}/roles/all": {REFUSED},
    f"{ONE}/roles/all/<int:number>/remove": {"grant.removed"},
    f"{ONE}/roles/from-provider": {SAME},
    f"{ONE}/roles/scanners": {REFUSED},
    f"{ONE}/roles/scanners/<int:number>/remove": {"grant.removed"},
    f"{ONE}/scripts/draft": {
        SAME,
        SHOWN,
        "script.submitted",
        REFUSED,
    },  # save, check, submit; refused if approved already
    # What needs a reason is refused without one.
    f"{ONE}/scripts/live/<act>": {"script.widened", "scripts.continued", REFUSED},
    f"{ONE}/scripts/submissions/<int:number>/comments": {REFUSED},
    f"{ONE}/scripts/submissions/<int:number>/comments/<int:comment>/resolve": {"review.comment_resolved"},
    f"{ONE}/scripts/submissions/<int:number>/decision": {"review.approved", REFUSED},  # all but an approval need a note
    f"{ONE}/scripts/submissions/<int:number>/trial/<job>/cancel": {SHOWN},
    f"{ONE}/scripts/submissions/<int:number>/trial": {SHOWN},  # ordered: what it finds is kept later
    f"{ONE}/scripts/versions/<int:number>/rehearsals": {SHOWN},  # ordered, as a trial is
    f"{ONE}/scripts/versions/<int:number>/try": {SHOWN},  # fills the pane, or runs
    f"{ONE}/scripts/versions/<int:number>/rehearsals/<job>/cancel": {SHOWN},
    f"{ONE}/scripts/submissions/<int:number>/withdraw": {"script.withdrawn"},
    f"{ONE}/scripts/tokens": {REFUSED},
    f"{ONE}/scripts/tokens/<name>/revoke": {"author_token.revoked"},
    f"{ONE}/scripts/versions/<int:number>/<act>": {"script.staged", "script.activated", REFUSED},
    f"{ONE}/settings": {SAME},
    f"{ONE}/settings/attendance": {SAME},
    f"{ONE}/settings/badges/activate/<draft>": {"badge format.activated"},
    f"{ONE}/settings/badges/codes": {REFUSED},
    f"{ONE}/settings/badges/examples/<int:number>/confirm/<draft>": {"badge examples.confirmed"},
    f"{ONE}/settings/badges/examples/<int:number>/remove": {"badge examples.removed"},
    f"{ONE}/settings/badges/image": {SHOWN},  # without a file, it asks for one
    f"{ONE}/settings/badges/images/<job>/cancel": {SHOWN},
    f"{ONE}/settings/badges/json": {SAME},
    f"{ONE}/settings/badges/parts": {SAME},
    f"{ONE}/settings/badges/proposal": {SAME},
    f"{ONE}/settings/devices": {REFUSED},
    f"{ONE}/settings/devices/<int:number>/code": {"scan_device.code_made"},
    f"{ONE}/settings/devices/<int:number>/revoke": {"scan_device.revoked"},
    f"{ONE}/settings/facts/prepare": {SHOWN},  # without a session, it says so
    f"{ONE}/settings/facts/secrets": {"facts.secret_made"},
    f"{ONE}/settings/facts/secrets/<int:number>/revoke": {"facts.secret_revoked"},
    f"{ONE}/settings/link-hosts": {SAME},
    f"{ONE}/settings/retention": {SAME, SHOWN},  # the preview saves nothing
    f"{ONE}/settings/roster": {REFUSED},
    f"{ONE}/settings/roster/clear": {"roster.cleared"},
    f"{ONE}/settings/script": {SAME},
    f"{ONE}/settings/webhook": {REFUSED, SAME},  # refused where there is none
    f"{ONE}/settings/webhook/<act>": {"webhook.tested", "webhook.off", "webhook.on"},
    f"{ONE}/settings/webhook/messages/<message>/again": {"webhook.message_repeated"},
    f"{ONE}/settings/webhook/secret": {"webhook.secret_replaced"},
    "/logout/<implementation>": {SHOWN},
}

#: Forms of values: every field of them is changed alone, and must be there when the page is opened again.
OF_VALUES = tuple(
    rule
    for rule, outcomes in UNTOUCHED.items()
    if SAME in outcomes and not rule.endswith("/scripts/draft") and "/badges/" not in rule
)

NEW_SECRET = "an0ther-s3cret-of-at-least-32-characters"
_LINES = "one\r\ntwo"

#: What a text is changed to, by the end of the route.
TEXTS = {
    "settings": {
        "name": "Other Congress",
        "time_zone": "America/New_York",
        "session_url": "https://cme.example.org/s/{session_id}",
        "more_user_types": "Speaker\r\nGuest",
        "default_color": "#006109",
        "fallback_text": "Ask at the registration",
        "fallback_link": "https://cme.example.org/help",
        "last_good_minutes": "30",
        "fresh_seconds": "45",
        "stale_seconds": "700",
    },
    "retention": {
        "keep_names_days": "3650",
        "keep_scans_days": "3650",
        "keep_refused_days": "3650",
        "keep_devices_days": "3650",
    },
    "attendance": {
        "scan_text": "Scan badges",
        "scan_sessions": "CE-1\r\nCE-1a",
        "scan_opens_minutes": "30",
        "scan_closes_minutes": "15",
        "scan_mode_exceptions": "CE-1a",
        "repeat_seconds": "60",
        "early_minutes": "5",
        "late_minutes": "10",
        "minutes_needed": "45",
        "percent_needed": "80",
    },
    "link-hosts": {"link_hosts": "cme.example.org\r\nb.example.org"},
    "script": {
        "script_settings": '{\r\n  "credits": 2\r\n}',
        "wall_s": "3.5",
        "cpu_s": "0.5",
        "memory_bytes": "48",
        "calls": "7",
        "read_bytes": "512",
        "log_lines": "50",
        "concurrency": "5",
        "prepare_minutes_before_end": "10",
        "prepare_fresh_seconds": "90",
        "prefetch_people": "50",
        "keep_runs_days": "20",
        "keep_answers_days": "3",
    },
    "webhook": {"address": "https://other.example.org/hooks"},
    "app": {"app_redirect_uris": "com.example.app:/login"},
    "attributes": dict.fromkeys(("username", "user_type", "first_name", "last_name", "badge_id"), _LINES)
    | {"subject_attribute": "uid"},
    "data": {
        "entity_id": "https://new.example/metadata",
        "sso_url": "https://idp.example/other",
        "slo_url": "https://idp.example/bye",
        "certificates": THIRD.certificate,
        "metadata_url": "https://idp.example/metadata.xml",
    },
    "<name>": {
        "base_url": "https://new.example/api",
        "user": "other",
        "header_name": "X-Other",
        "parameter_name": "other",
        "oauth_url": "https://new.example/token",
        "client_id": "them",
        "scope": "write",
        "secret": NEW_SECRET,
        "path_prefixes": "/a\r\n/b",
        "timeout_s": "2.5",
        "cache_s": "30",
        "rate_per_s": "6",
        "concurrency": "4",
        "max_body_bytes": "512",
    },
    "<kind>": {
        "url": "https://new.example/ask",
        "client_id": "other",
        "audience": "those",
        "secret": NEW_SECRET,
        "issuer": "https://new.example",
        "jwks_url": "https://new.example/jwks",
        "jwks": '{\r\n  "keys": [\r\n    {\r\n      "kty": "OKP",\r\n      "crv": "Ed25519",\r\n      "x": '
        '"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"\r\n    }\r\n  ]\r\n}',
        "login_url": "https://new.example/in",
        "username_label": "Number",
        "password_label": "Family name",
        "user": "other",
        "header_name": "X-Other",
        "template": '{\r\n  "n": "{username}",\r\n  "p": "{password}"\r\n}',
        "accepted_path": "ok",
        "accepted_equals": "yes",
        "excluded_types": "Press\r\nGuest",
        "excluded_text": "Ask the press office.",
        "opted_out_path": "out",
        "opted_out_equals": "true",
        "opted_out_text": "You opted out.",
        **{
            f"result_{name}": f"x/{name}"
            for name in ("subject", "username", "user_type", "first_name", "last_name", "badge_id")
        },
    },
}

#: Fields that never come back: the rows tell whether they arrived.
NOT_SHOWN = {"secret", "certificates", "people"}

#: Which field a colour is chosen in with script; sent without, it says nothing.
SCRIPT_ONLY = {"palette"}

#: What else has to be said with a change, by field (and value): nothing that a secret is for without the secret, no kind without its fields.
WITH = {
    ("<name>", "base_url"): {"secret": NEW_SECRET},
    **{
        (end, name): {"secret": NEW_SECRET}
        for end in ("<name>", "<kind>")
        for name in ("user", "header_name", "parameter_name", "client_id")
    },
    ("<name>", "oauth_url"): {"secret": NEW_SECRET},
    ("<name>", "development"): {"secret": NEW_SECRET, "base_url": "https://new.example/api"},
    ("<kind>", "url"): {"secret": NEW_SECRET},
    ("<kind>", "issuer"): {"secret": NEW_SECRET},
    ("<kind>", "jwks_url"): {"algorithm": "ES256"},
    ("<kind>", "jwks"): {"algorithm": "EdDSA"},
    **{("<kind>", "algorithm", name): {"jwks_url": "https://new.example/jwks"} for name in ("ES256", "EdDSA", "RS256")},
    ("<kind>", "development"): {"secret": NEW_SECRET, "url": "https://new.example/ask"},
    ("<kind>", "opted_out_path"): {"opted_out_equals": "true"},
    ("<kind>", "opted_out_equals"): {"opted_out_path": "out"},
    ("data", "entity_id"): {"people": "same", "certificates": THIRD.certificate},
    ("data", "development"): {"metadata_url": ""},
}

#: What is typed beside each kind of credential, as the fields of the page.
BESIDE = {
    "basic": {"user": "restws"},
    "api_key_header": {"header_name": "X-Api-Key"},
    "api_key_parameter": {"parameter_name": "api_key"},
    "oauth2_client_credentials": {"oauth_url": "https://vendor.example/token", "client_id": "us", "scope": "read"},
}

#: An agenda that is uploaded, looked at and then imported.
NEW_AGENDA = b"ID,Title,Start Time,End Time\r\nCE-9,Sepsis in 2027,2027-07-15 09:00,2027-07-15 10:00\r\n"

#: A list of attendees, in the same way.
NEW_ROSTER = b"Badge ID,Last Name\r\nB-77,Okafor\r\n"

#: Forms of one act with what a person types, and the audit entry which that writes.
FILLED = {
    "/console/add": ({"called": "New Congress", "slug": "new27", "time_zone": "Asia/Tokyo"}, "implementation.added"),
    f"{ONE}/attendance/disputes/<int:number>": ({"answer": "They count now"}, "attendance.dispute_answered"),
    f"{ONE}/attendance/scans/<scan>/void": ({"reason": "wrong badge"}, "attendance.scan_voided"),
    f"{ONE}/people/<int:number>/disable": ({"reason": "lost phone"}, "user.disabled"),
    f"{ONE}/retirement/archive": ({"reason": "it is over"}, "implementation.archived"),
    f"{ONE}/roles/all": ({"role": "organizer", "values": "noor@example.org"}, "grant.added"),
    f"{ONE}/retirement/remove": ({"slug": "closed", "reason": "asked for"}, "implementation.removed"),
    f"{ONE}/scripts/submissions/<int:number>/comments": ({"text": "why?", "line": "2"}, "review.commented"),
    f"{ONE}/settings/badges/codes": ({"codes": "40404|Roy|Eva"}, "badge examples.added"),
    f"{ONE}/settings/devices": ({"name": "door-9", "hours": "3"}, "scan_device.made"),
    f"{ONE}/scripts/tokens": ({"name": "laptop", "days": "30"}, "author_token.made"),
    f"{ONE}/connections/new": ({"name": "added", "base_url": "https://new.example"}, "connection.saved"),
}
