"""Every attack of the corpus is refused by the guard, with its code."""

from dataclasses import replace

import pytest

from tests.support.saml_forge import ForgedIdp
from tests.web.auth.saml.protocol.attacks_signatures import ECDSA
from tests.web.auth.saml.protocol.corpus import ATTACKS, Scene
from web.auth.saml.protocol.codes import CODES
from web.auth.saml.protocol.messages.response_guard import verify_response
from web.auth.saml.protocol.values import Rejected, SamlPolicy

SCENE = Scene()


class Seen:
    """The replay store of one test."""

    def __init__(self):
        self.keys = set()

    def __call__(self, key, life_s):
        assert life_s > 0
        fresh = key not in self.keys
        self.keys.add(key)
        return fresh


def judged(attack, message, seen):
    return verify_response(
        message,
        sp=SCENE.sp,
        idp=SCENE.idp.idp,
        policy=attack.policy,
        request_id=SCENE.request_id if attack.pending else None,
        first_time=seen,
    )


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_is_refused(attack):
    message, seen = attack.build(SCENE), Seen()
    if attack.twice:
        judged(attack, message, seen)
    with pytest.raises(Rejected) as refused:
        judged(attack, message, seen)
    assert refused.value.code in CODES
    assert attack.code in (None, refused.value.code)
    assert not any(secret in refused.value.detail for secret in ("ada@", "admin@"))
    assert len(seen.keys) == attack.twice, "a refused message uses up no genuine one"


@pytest.mark.parametrize("name", ECDSA)
def test_tricks_with_the_numbers_of_an_elliptic_signature_are_refused(name):
    """The provider really has an elliptic key, and zeros, ones and the curve's order are no signature of it."""
    scene = replace(SCENE, idp=ForgedIdp("https://ec.example/metadata", kind="ec"))
    message = scene.response(signature={"value": lambda _: ECDSA[name]})
    with pytest.raises(Rejected) as refused:
        verify_response(
            message, sp=scene.sp, idp=scene.idp.idp, policy=SamlPolicy(), request_id="_request1", first_time=Seen()
        )
    assert refused.value.code == "signature"


def test_there_are_enough_of_them():
    assert len(ATTACKS) >= 140
