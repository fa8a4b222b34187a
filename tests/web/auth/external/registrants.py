"""A registration vendor: how an implementation is connected with it, and a registrant whom it knows."""

PASSWORD = "Zweig-Lovelace-4711"
PERSON = {
    "result": "OK",
    "registrant": {
        "id": 4711, "badge": "B-4711", "first": "Ada", "last": "Lovelace", "type": "Attendee", "optOut": "N",
        "mail": "ada@example.org", "ssn": "123-45-6789",
    },
}  # fmt: skip
FIELDS = {
    "template": {"login": {"badge": "{username}", "name": "{password}", "event": "AM26"}, "list": ["{username}", 7]},
    "result": {
        "subject": "registrant/id", "username": "registrant/mail", "user_type": "registrant/type",
        "first_name": "registrant/first", "last_name": "registrant/last", "badge_id": "registrant/badge",
    },
    "accepted": {"path": "result", "equals": "OK"},
    "excluded_types": ["Exhibitor", "Press "],
    "excluded_text": "Exhibitors log in at their own site.",
    "opted_out": {"path": "registrant/optOut", "equals": "Y"},
    "opted_out_text": "You chose not to use the app. Ask at the registration desk.",
}  # fmt: skip
