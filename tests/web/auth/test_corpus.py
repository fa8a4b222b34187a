"""The whole corpus of attacks once more, over HTTP: every message is posted as a provider's page would, and no one is logged in."""

import pytest

from records import Database
from records.tenants import implementations
from runner.logins import LoginStore
from runner.store.clients import connect as connect_store
from tests.support.application import copied, make_app
from tests.support.saml_browser import IDP, Browser, connect, is_refused, sp_of
from tests.web.auth.saml.protocol.corpus import ATTACKS, Scene
from web.auth import saml_work_limit
from web.auth.login_steps import rate_limits
from web.auth.saml import login_flow

#: What an implementation's switches are called in the records.
SWITCHES = ("accept_response_signature", "allow_cbc", "allow_unsolicited")


def slug_of(policy):
    """The implementation whose switches are this policy's."""
    return "".join(name[0:2] for name in SWITCHES if getattr(policy, name)) or "demo"


@pytest.fixture(scope="module", autouse=True)
def unlimited():
    """Hundreds of attacks on one begun login from one address: what is asked here is what each of them comes to alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(login_flow, "MOST_TRIES", 10_000)
        patch.setattr(rate_limits, "REFUSED_FROM_ADDRESS", 10_000)
        patch.setattr(saml_work_limit, "REST", 0)
        yield


@pytest.fixture(scope="module")
def app(seeded, box, valkey_url, tmp_path_factory):
    """One application for the whole corpus, with an implementation for each set of switches."""
    database = Database(f"sqlite:///{copied(seeded, tmp_path_factory.mktemp('corpus') / 'auth.db')}")
    with database.session() as db:
        for policy in {attack.policy for attack in ATTACKS.values()}:
            slug = slug_of(policy)
            if implementations.find(db, slug) is None:
                implementations.create(db, slug, slug, "UTC")
            connect(db, box, slug, IDP, **{name: getattr(policy, name) for name in SWITCHES})
    client = connect_store(valkey_url)
    client.flushall()
    yield make_app(database, LoginStore(client))
    client.close()
    database.dispose()


@pytest.fixture(scope="module")
def service_providers(app):
    """Our side of each implementation; making one opens its key."""
    return {
        slug: sp_of(app, slug) for slug in {slug_of(attack.policy) for attack in ATTACKS.values()} | {"demo", "other"}
    }


@pytest.fixture(scope="module")
def elsewhere(app, service_providers):
    """The pending requests of another browser."""
    return {slug: Browser(app).begin(slug).request_id for slug in service_providers}


@pytest.fixture(scope="module")
def pending(app):
    """Begins a login once for all attacks on it: what is refused uses no pending login up."""
    begun = {}

    def begin(slug, query):
        if (slug, query) not in begun:
            browser = Browser(app)
            begun[slug, query] = browser, browser.begin(slug, query)
        return begun[slug, query]

    return begin


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_gets_nobody_in(service_providers, elsewhere, pending, attack):
    slug, fresh = slug_of(attack.policy), "fresh=1" if attack.policy.max_authn_age_s else ""
    browser, started = pending(slug, fresh + (f"&next=/{attack.name}" if attack.twice else ""))
    scene = Scene(IDP, service_providers[slug], started.request_id, service_providers["other"], elsewhere[slug])
    message, relay_state = attack.build(scene), started.relay_state if attack.pending else ""
    if attack.twice:
        assert browser.answer(message, relay_state, slug).status_code == 303
    response = browser.answer(message, relay_state, slug)
    if len(message) > 500_000:
        assert response.status_code == 413
    else:
        assert is_refused(response)
    assert browser.visitor() is None


CONTROLS = {
    "assertion signed": ("demo", {}),
    "both signed": ("demo", {"sign_response": True}),
    "encrypted": ("demo", {"encrypt": "aes256-gcm"}),
    "encrypted and signed": ("demo", {"encrypt": "aes128-gcm", "sign_response": True}),
    "response signed": ("ac", {"sign_assertion": False, "sign_response": True}),
    "without a name for the index": ("demo", {"session_index": None, "session_for_s": None}),
    "clock a little ahead": ("demo", {"issued_ago_s": -60, "authenticated_ago_s": 60}),
    "many attributes": ("demo", {"attributes": {f"urn:attribute:{n}": ["ü" * 40] * 3 for n in range(40)}}),
}


@pytest.mark.parametrize("control", CONTROLS)
def test_an_honest_message_gets_its_person_in(app, service_providers, control):
    slug, changes = CONTROLS[control]
    browser = Browser(app)
    started = browser.begin(slug)
    message = IDP.response(service_providers[slug], started.request_id, **changes)
    address = browser.answer(message, started.relay_state, slug).location
    assert browser.http.get(address).status_code == 303
    assert browser.visitor().subject == "ada@example.org"
