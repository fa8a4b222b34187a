"""Attacks with what a message says: for whom, by whom, when, in answer to what, about whom."""

from dataclasses import replace

from tests.support.saml_forge import ASSERTION, EMAIL, PROTOCOL, USUAL, Recipe
from tests.web.auth.saml.protocol.attack_scene import RESPONSE_SIGNED, Attack, Scene, add, attack, recipes
from web.auth.saml.protocol.values import SamlPolicy

A = f"{{{ASSERTION}}}"
P = f"{{{PROTOCOL}}}"
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"

#: Addresses that look like one of ours. Each is tried as Destination, and as Recipient.
LOOKALIKES = {
    "prefix": lambda url: url + "/more",
    "truncated": lambda url: url[:-1],
    "suffix-host": lambda url: url.replace("://", "://evil."),
    "host-suffix": lambda url: url.replace("/saml/", ".evil.example/saml/", 1),
    "userinfo": lambda url: url.replace("://", "://ours@evil.example:443/").replace("https", "https", 1),
    "port": lambda url: url.replace("/saml/", ":8443/saml/", 1),
    "scheme": lambda url: "javascript:" + url,
    "http": lambda url: "ftp" + url[url.index(":") :],
    "path-case": lambda url: url[:-3] + "ACS",
    "query": lambda url: url + "?next=evil",
    "fragment": lambda url: url + "#",
    "trailing-slash": lambda url: url + "/",
    "dot-segments": lambda url: url.replace("/saml/", "/saml/../saml/"),
    "double-slash": lambda url: url.replace("/saml/", "//saml/"),
    "percent": lambda url: url.replace("/saml/", "/%73aml/"),
    "space": lambda url: url + " ",
    "contains": lambda url: "https://evil.example/?" + url,
    "empty": lambda url: "",
}


def _lookalike(field: str, change):
    return lambda scene: scene.response(recipe=replace(Recipe(), **{field: change(scene.sp.acs_url)}))


for _name, _change in LOOKALIKES.items():
    add(Attack(f"destination-{_name}", "destination", _lookalike("destination", _change)))
    add(Attack(f"recipient-{_name}", "recipient", _lookalike("recipient", _change)))

recipes(
    "destination",
    destination_missing=lambda s: {"destination": None},
    destination_of_other_implementation=lambda s: {"destination": s.other_sp.acs_url},
    destination_is_the_audience=lambda s: {"destination": s.sp.entity_id},
    destination_missing_response_signed=lambda s: {"destination": None, "sign_response": True},
)
recipes(
    "recipient",
    recipient_missing=lambda s: {"recipient": None},
    recipient_of_other_implementation=lambda s: {"recipient": s.other_sp.acs_url},
)
recipes(
    "audience",
    audience_other=lambda s: {"audience": (("https://other.example",),)},
    audience_prefix=lambda s: {"audience": ((s.sp.entity_id + "/x",),)},
    audience_truncated=lambda s: {"audience": ((s.sp.entity_id[:-1],),)},
    audience_case=lambda s: {"audience": ((s.sp.entity_id.upper(),),)},
    audience_contains=lambda s: {"audience": ((f"{s.sp.entity_id} https://other.example",),)},
    audience_blank=lambda s: {"audience": (("",),)},
    audience_without_entries=lambda s: {"audience": ((s.sp.entity_id,), ())},
    audience_restrictions_are_anded=lambda s: {"audience": ((s.sp.entity_id,), ("https://other.example",))},
    audience_restrictions_are_anded_reversed=lambda s: {"audience": (("https://other.example",), (s.sp.entity_id,))},
    audience_of_other_implementation=lambda s: {"audience": ((s.other_sp.entity_id,),)},
    audience_whitespace=lambda s: {"audience": ((f" {s.sp.entity_id} ",),)},
)
recipes("audience-missing", audience_missing=lambda s: {"audience": ()})
recipes(
    "issuer",
    issuer_other=lambda s: {"issuer": "https://other.example"},
    issuer_prefix=lambda s: {"issuer": s.idp.entity_id + "/x"},
    issuer_truncated=lambda s: {"issuer": s.idp.entity_id[:-1]},
    issuer_case=lambda s: {"issuer": s.idp.entity_id.replace("https", "HTTPS")},
    issuer_empty=lambda s: {"issuer": ""},
    issuer_missing=lambda s: {"issuer": None},
    issuer_whitespace=lambda s: {"issuer": f"{s.idp.entity_id}\n"},
)
recipes(
    "response-issuer",
    response_issuer_other=lambda s: {"response_issuer": "https://other.example"},
    response_issuer_empty=lambda s: {"response_issuer": ""},
    response_issuer_missing_from_signed_response=lambda s: {"response_issuer": None, "sign_response": True},
    response_issuer_prefix=lambda s: {"response_issuer": s.idp.entity_id + "x"},
)
recipes(
    "in-response-to",
    in_response_to_other=lambda s: {"in_response_to": s.other_request_id, "subject_in_response_to": s.other_request_id},
    in_response_to_stripped_everywhere=lambda s: {"in_response_to": None, "subject_in_response_to": None},
    in_response_to_stripped_from_response=lambda s: {"in_response_to": None},
    in_response_to_stripped_from_subject=lambda s: {"subject_in_response_to": None},
    in_response_to_forged_on_response=lambda s: {"subject_in_response_to": s.other_request_id},
    in_response_to_empty=lambda s: {"in_response_to": "", "subject_in_response_to": ""},
    in_response_to_prefix=lambda s: {
        "in_response_to": s.request_id + "x",
        "subject_in_response_to": s.request_id + "x",
    },
    in_response_to_case=lambda s: {"in_response_to": s.request_id.upper(), "subject_in_response_to": USUAL},
    in_response_to_of_idp_initiated_assertion=lambda s: {"subject_in_response_to": None, "sign_response": True},
)
recipes("too-old", issued_long_ago=lambda s: {"issued_ago_s": 800, "confirmed_for_s": 9000, "expires_in_s": 9000})
recipes("issued-in-future", issued_in_future=lambda s: {"issued_ago_s": -200, "not_before_in_s": None})
recipes("expired", conditions_expired=lambda s: {"expires_in_s": -120})
recipes("not-yet-valid", conditions_not_yet_valid=lambda s: {"not_before_in_s": 200})
recipes("confirmation-expired", confirmation_expired=lambda s: {"confirmed_for_s": -120})
recipes("confirmation", confirmation_without_end=lambda s: {"confirmed_for_s": None})
recipes("session-over", session_is_over=lambda s: {"session_for_s": -300})
recipes("authn-instant", authenticated_in_future=lambda s: {"authenticated_ago_s": -500})
recipes(
    "authn-too-old",
    policy=SamlPolicy(max_authn_age_s=120),
    step_up_with_old_login=lambda s: {"authenticated_ago_s": 400},
    step_up_with_login_of_yesterday=lambda s: {"authenticated_ago_s": 86400},
)
recipes(
    "confirmation",
    holder_of_key=lambda s: {"method": "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"},
    sender_vouches=lambda s: {"method": "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"},
    method_that_ends_in_bearer=lambda s: {"method": "urn:evil:bearer"},
)
recipes("nameid", nameid_blank=lambda s: {"nameid": "  "}, nameid_empty=lambda s: {"nameid": ""})
recipes("nameid", nameid_missing=lambda s: {"nameid": None}, nameid_long=lambda s: {"nameid": "a" * 600})
recipes("nameid", nameid_with_newline=lambda s: {"nameid": "admin\nx", "nameid_format": None})
recipes(
    "nameid-format",
    nameid_format_entity=lambda s: {"nameid_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"},
    nameid_format_encrypted=lambda s: {"nameid_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:encrypted"},
    nameid_format_unknown=lambda s: {"nameid_format": EMAIL + "x"},
)
recipes("nameid-qualifier", nameid_for_other_service=lambda s: {"sp_name_qualifier": s.other_sp.entity_id})
recipes("repeated-attribute", attribute_without_name=lambda s: {"attributes": {"": ["x"]}})
recipes("too-many-values", attribute_value_huge=lambda s: {"attributes": {"mail": ["a" * 5000]}})
recipes("too-many-values", attributes_by_the_hundred=lambda s: {"attributes": {f"group{i}": ["x"] for i in range(300)}})
recipes(
    "status",
    status_requester=lambda s: {"status": STATUS + "Requester"},
    status_responder=lambda s: {"status": STATUS + "Responder"},
    status_lookalike=lambda s: {"status": STATUS + "Success/x"},
    status_case=lambda s: {"status": STATUS + "success"},
    status_empty=lambda s: {"status": ""},
    status_no_passive=lambda s: {"status": STATUS + "NoPassive"},
)


def within(tag: str, change):
    """An honest provider that signs this: the change is made before the signature."""

    def edit(root):
        change(root.find(f".//{tag}"))

    return edit


def child(parent, tag: str, text: str = "", **attributes: str):
    made = parent.makeelement(tag, attributes)
    made.text = text or None
    parent.append(made)
    return made


@attack("status-missing", "status-missing")
def status_missing(scene: Scene) -> str:
    return scene.edited(lambda root: root.remove(root.find(P + "Status")))


@attack("status-twice", "status-missing")
def status_twice(scene: Scene) -> str:
    def edit(root):
        extra = child(root, P + "Status")
        child(extra, P + "StatusCode", Value=STATUS + "Success")
        root.insert(1, extra)

    return scene.edited(edit)


@attack("status-success-with-failure-below", "status")
def status_nested(scene: Scene) -> str:
    change = within(P + "StatusCode", lambda code: child(code, P + "StatusCode", Value=STATUS + "AuthnFailed"))
    return scene.edited(change)


@attack("status-failure-with-success-below", "status")
def status_success_below(scene: Scene) -> str:
    change = within(P + "StatusCode", lambda code: child(code, P + "StatusCode", Value=STATUS + "Success"))
    return scene.edited(change, status=STATUS + "Responder")


@attack("status-code-missing", "status-missing")
def status_code_missing(scene: Scene) -> str:
    return scene.edited(within(P + "Status", lambda status: status.remove(status[0])))


@attack("status-detail-smuggles", "unexpected-element")
def status_detail(scene: Scene) -> str:
    return scene.edited(within(P + "Status", lambda status: child(status, P + "StatusDetail")))


@attack("version-1-1", "version")
def version_old(scene: Scene) -> str:
    return scene.edited(lambda root: root.set("Version", "1.1"))


@attack("version-of-assertion", "version")
def version_of_assertion(scene: Scene) -> str:
    return scene.response(before=within(A + "Assertion", lambda found: found.set("Version", "1.1")))


@attack("issuer-twice", "issuer")
def issuer_twice(scene: Scene) -> str:
    def edit(root):
        extra = root.makeelement(A + "Issuer")
        extra.text = scene.idp.entity_id
        root.find(A + "Assertion").insert(0, extra)

    return scene.response(before=edit)


@attack("response-issuer-twice", "response-issuer")
def response_issuer_twice(scene: Scene) -> str:
    def edit(root):
        extra = root.makeelement(A + "Issuer")
        extra.text = scene.idp.entity_id
        root.insert(0, extra)

    return scene.edited(edit)


@attack("issuer-with-markup", "unexpected-element")
def issuer_markup(scene: Scene) -> str:
    return scene.response(before=within(f"{A}Assertion/{A}Issuer", lambda issuer: child(issuer, A + "Issuer", "x")))


@attack("subject-twice", None)
def subject_twice(scene: Scene) -> str:
    def edit(root):
        assertion = root.find(A + "Assertion")
        extra = assertion.makeelement(A + "Subject")
        child(extra, A + "NameID", "admin@example.org")
        assertion.insert(1, extra)

    return scene.response(before=edit)


@attack("subject-missing", "subject")
def subject_missing(scene: Scene) -> str:
    return scene.response(before=within(A + "Assertion", lambda found: found.remove(found.find(A + "Subject"))))


@attack("nameid-twice", None)
def nameid_twice(scene: Scene) -> str:
    def change(subject):
        extra = subject.makeelement(A + "NameID")
        extra.text = "admin@example.org"
        subject.insert(0, extra)

    return scene.response(before=within(A + "Subject", change))


@attack("nameid-with-markup", "markup-in-text")
def nameid_markup(scene: Scene) -> str:
    return scene.response(before=within(A + "NameID", lambda name: child(name, A + "NameID", "x")))


@attack("confirmation-missing", "confirmation")
def confirmation_missing(scene: Scene) -> str:
    change = within(A + "Subject", lambda subject: subject.remove(subject.find(A + "SubjectConfirmation")))
    return scene.response(before=change)


@attack("confirmation-data-missing", "confirmation")
def confirmation_data_missing(scene: Scene) -> str:
    return scene.response(before=within(A + "SubjectConfirmation", lambda found: found.remove(found[0])))


@attack("confirmation-not-before-in-future", "not-yet-valid")
def confirmation_not_before(scene: Scene) -> str:
    change = within(A + "SubjectConfirmationData", lambda data: data.set("NotBefore", "2099-01-01T00:00:00Z"))
    return scene.response(before=change)


@attack("confirmations-add-up", None)
def confirmations_add_up(scene: Scene) -> str:
    """One confirmation has the right address, another the right request."""

    def change(subject):
        extra = child(subject, A + "SubjectConfirmation", Method="urn:oasis:names:tc:SAML:2.0:cm:bearer")
        data = subject.find(f"{A}SubjectConfirmation/{A}SubjectConfirmationData")
        other = child(extra, A + "SubjectConfirmationData", **dict(data.attrib))
        other.set("Recipient", "https://evil.example/acs")
        data.set("InResponseTo", "_other")

    return scene.response(before=within(A + "Subject", change))


@attack("conditions-missing", "conditions")
def conditions_missing(scene: Scene) -> str:
    return scene.response(before=within(A + "Assertion", lambda found: found.remove(found.find(A + "Conditions"))))


@attack("conditions-of-a-foreign-kind", "unexpected-element")
def conditions_foreign(scene: Scene) -> str:
    return scene.response(before=within(A + "Conditions", lambda found: child(found, A + "Condition")))


@attack("proxy-restriction-with-markup", "unexpected-element")
def proxy_restriction(scene: Scene) -> str:
    def change(conditions):
        child(child(conditions, A + "ProxyRestriction", Count="0"), A + "Advice")

    return scene.response(before=within(A + "Conditions", change))


@attack("one-time-use-twice-presented", "replay", twice=True)
def one_time_use(scene: Scene) -> str:
    return scene.response(before=within(A + "Conditions", lambda found: child(found, A + "OneTimeUse")))


@attack("authn-statement-missing", None)
def authn_missing(scene: Scene) -> str:
    return scene.response(before=within(A + "Assertion", lambda found: found.remove(found.find(A + "AuthnStatement"))))


@attack("authn-statement-twice", None)
def authn_twice(scene: Scene) -> str:
    def change(assertion):
        statement = assertion.find(A + "AuthnStatement")
        other = child(assertion, A + "AuthnStatement", AuthnInstant=statement.get("AuthnInstant"))
        other.append(other.makeelement(A + "AuthnContext"))
        statement.addnext(other)

    return scene.response(before=within(A + "Assertion", change))


@attack("attribute-repeated", "repeated-attribute")
def attribute_repeated(scene: Scene) -> str:
    def change(statement):
        extra = child(statement, A + "Attribute", Name="mail")
        child(extra, A + "AttributeValue", "admin@example.org")

    return scene.response(before=within(A + "AttributeStatement", change))


@attack("attribute-repeated-in-a-second-statement", "repeated-attribute")
def attribute_second_statement(scene: Scene) -> str:
    def change(assertion):
        extra = child(child(assertion, A + "AttributeStatement"), A + "Attribute", Name="mail")
        child(extra, A + "AttributeValue", "admin@example.org")

    return scene.response(before=within(A + "Assertion", change))


@attack("attribute-value-with-markup", "attribute-markup")
def attribute_markup(scene: Scene) -> str:
    return scene.response(before=within(A + "AttributeValue", lambda value: child(value, A + "Audience", "admin")))


@attack("attribute-value-of-another-element", "attribute-markup")
def attribute_other_element(scene: Scene) -> str:
    def change(value):
        value.text = None
        child(value, A + "Audience", "admin")

    return scene.response(before=within(A + "AttributeValue", change))


@attack("attribute-value-with-a-name-and-text", "attribute-markup")
def attribute_name_and_text(scene: Scene) -> str:
    return scene.response(before=within(A + "AttributeValue", lambda value: child(value, A + "NameID", "admin")))


@attack("attribute-value-with-a-name-before-text", "attribute-markup")
def attribute_name_before_text(scene: Scene) -> str:
    def change(value):
        value.text = None
        child(value, A + "NameID", "ada").tail = "admin"

    return scene.response(before=within(A + "AttributeValue", change))


@attack("confirmation-data-with-content", "confirmation")
def confirmation_content(scene: Scene) -> str:
    key = "{http://www.w3.org/2000/09/xmldsig#}KeyInfo"
    return scene.response(before=within(A + "SubjectConfirmationData", lambda data: child(data, key)))


@attack("authn-instant-missing", "authn-instant")
def authn_instant_missing(scene: Scene) -> str:
    change = within(A + "AuthnStatement", lambda statement: statement.attrib.pop("AuthnInstant"))
    return scene.response(before=change)


@attack("attribute-encrypted", "unexpected-element")
def attribute_encrypted(scene: Scene) -> str:
    return scene.response(before=within(A + "AttributeStatement", lambda found: child(found, A + "EncryptedAttribute")))


#: Times that are not written as SAML demands.
TIMES = {
    "offset": "2030-01-01T00:00:00+02:00",
    "local": "2030-01-01T00:00:00",
    "month-13": "2030-13-01T00:00:00Z",
    "year-10000": "10000-01-01T00:00:00Z",
    "words": "tomorrow",
    "empty": "",
    "arabic-digits": "\u0662\u0660\u0663\u0660-01-01T00:00:00Z",
    "infinite": "9999-12-31T23:59:60Z",
}


def _timed(value: str):
    change = within(A + "SubjectConfirmationData", lambda data: data.set("NotOnOrAfter", value))
    return lambda scene: scene.response(before=change)


for _name, _value in TIMES.items():
    add(Attack(f"time-{_name}", "bad-time", _timed(_value)))


@attack("issue-instant-missing", "bad-time")
def issue_instant_missing(scene: Scene) -> str:
    return scene.response(before=within(A + "Assertion", lambda found: found.attrib.pop("IssueInstant")))


@attack("replay", "replay", twice=True)
def replay(scene: Scene) -> str:
    return scene.response()


@attack("replay-in-a-new-envelope", "replay", twice=True)
def replay_new_envelope(scene: Scene) -> str:
    return scene.response(assertion_id="_same", sign_response=True)


@attack("unsolicited", "unsolicited", pending=False)
def unsolicited(scene: Scene) -> str:
    return scene.idp.response(scene.sp, None)


@attack("answer-to-nothing", "nothing-pending", pending=False)
def answer_to_nothing(scene: Scene) -> str:
    return scene.response()


@attack(
    "unsolicited-with-captured-assertion", "in-response-to", pending=False, policy=SamlPolicy(allow_unsolicited=True)
)
def unsolicited_captured(scene: Scene) -> str:
    """The unsigned response loses its InResponseTo; the signed assertion still answers another request."""
    return scene.response(in_response_to=None)


@attack("message-of-another-browser", "in-response-to")
def other_browser(scene: Scene) -> str:
    return scene.idp.response(scene.sp, scene.other_request_id)


@attack("message-of-another-implementation", "destination")
def other_implementation(scene: Scene) -> str:
    return scene.idp.response(scene.other_sp, scene.request_id)


@attack("message-of-another-implementation-readdressed", "audience")
def other_implementation_readdressed(scene: Scene) -> str:
    return scene.idp.response(scene.other_sp, scene.request_id, destination=scene.sp.acs_url)


@attack("message-of-another-implementation-response-signed", "audience", policy=RESPONSE_SIGNED)
def other_implementation_signed(scene: Scene) -> str:
    destination = {"destination": scene.sp.acs_url, "recipient": scene.sp.acs_url}
    return scene.idp.response(scene.other_sp, scene.request_id, sign_response=True, sign_assertion=False, **destination)
