"""What is kept of a person whom an assertion or claims describe: badge IDs normalised, and nothing cut or cleaned into another's."""

import pytest

from records.identity import saml_providers
from web.auth.external.profiles import from_claims, from_registrant
from web.auth.saml.assertion_to_person import person_of
from web.auth.saml.protocol.values import SamlAssertion

IDS = [
    ("\ufeffB-A\u030817\r", "B-\u00c417"),
    (" B\u200b17\u00a0", "B17"),
    ("B  17", "B  17"),
    ("b-17", "b-17"),
    ("007", "007"),
    ("a" * 100 + "\u200b", "a" * 100),
    ("a" * 101, ""),
    ("B\t17", ""),
    ("\u200b", ""),
]


def by_saml(**attributes):
    assertion = SamlAssertion(
        issuer="https://idp.example",
        nameid="ada",
        nameid_format="persistent",
        attributes={name: (value,) for name, value in attributes.items()},
        friendly={},
        indented=frozenset(),
        session_index=None,
        session_not_on_or_after=None,
        authn_instant=None,
        assertion_id="_1",
        in_response_to=None,
    )
    return person_of(assertion, "demo", attribute_map=saml_providers.ATTRIBUTE_MAP, subject_attribute="").profile


@pytest.mark.parametrize(("told", "kept"), IDS)
def test_a_badge_id_is_normalised_by_every_way_in(told, kept):
    assert by_saml(badge_id=told).badge_id == kept
    assert from_claims({"badge_id": told}).badge_id == kept
    assert from_registrant({"badge_id": told}).badge_id == kept


@pytest.mark.parametrize(
    ("told", "kept"), [(4711, "4711"), (True, ""), (1.5, ""), (None, ""), ({"a": 1}, ""), (["B"], "")]
)
def test_a_number_is_a_badge_id_as_it_is_written_and_nothing_else_is(told, kept):
    assert from_claims({"badge_id": told}).badge_id == kept
    assert from_registrant({"badge_id": told}).badge_id == kept
