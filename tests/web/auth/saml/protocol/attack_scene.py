"""The parties of an attack, and the list in which the attacks are written down.

An attack is a builder: it is given a scene, and gives the base64 of a message which has to be refused.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from lxml import etree

from tests.support.saml_forge import ForgedIdp, Recipe, decode, encode, service
from web.auth.saml.protocol.values import SamlPolicy, Sp

USUAL_POLICY = SamlPolicy()


@dataclass(frozen=True)
class Scene:
    """Who is there: the trusted provider, our service, the pending request; and others who want in."""

    idp: ForgedIdp = field(default_factory=ForgedIdp)
    sp: Sp = field(default_factory=service)
    request_id: str = "_request1"
    #: another implementation, which trusts the same provider
    other_sp: Sp = field(default_factory=lambda: service("https://events.example/saml/other", name="other sp"))
    #: the pending request of another browser
    other_request_id: str = "_request2"

    @cached_property
    def thief(self) -> ForgedIdp:
        """Says that it is the trusted provider, and has another key."""
        thief = ForgedIdp(self.idp.entity_id, name="thief")
        thief.sso_url, thief.slo_url = self.idp.sso_url, self.idp.slo_url
        return thief

    def response(self, **changes: Any) -> str:
        """A response of the trusted provider, in answer to the pending request."""
        return self.idp.response(self.sp, self.request_id, **changes)

    def edited(self, edit: Callable[[Any], Any], **changes: Any) -> str:
        """An honest response, changed after it was signed."""
        return self.response(after=edit, **changes)

    def bytes(self, edit: Callable[[bytes], bytes], **changes: Any) -> str:
        """An honest response whose bytes were changed."""
        return self.response(text=edit, **changes)


@dataclass(frozen=True)
class Attack:
    """One attack. `twice`: the message itself is good, and refused when it comes again."""

    name: str
    code: str | None  # None: any code will do
    build: Callable[[Scene], str]
    policy: SamlPolicy = USUAL_POLICY
    pending: bool = True  # whether a request is pending when it comes
    twice: bool = False
    encrypts: bool = False

    def form(self, scene: Scene) -> dict[str, str]:
        """The fields of the form, without RelayState."""
        return {"SAMLResponse": self.build(scene)}


ATTACKS: dict[str, Attack] = {}
RESPONSE_SIGNED = SamlPolicy(accept_response_signature=True)
CBC_ALLOWED = SamlPolicy(allow_cbc=True)


def add(attack: Attack) -> None:
    assert attack.name not in ATTACKS, attack.name
    ATTACKS[attack.name] = attack


def attack(name: str, code: str | None = None, **rest: Any):
    """Write down the decorated builder."""

    def note(build: Callable[[Scene], str]) -> Callable[[Scene], str]:
        add(Attack(name, code, build, **rest))
        return build

    return note


def recipes(
    code: str | None, /, *, policy: SamlPolicy = USUAL_POLICY, **cases: Callable[[Scene], dict[str, Any]]
) -> None:
    """Write down attacks that are honest responses with other ingredients. Names have `_` for `-`."""
    for name, changes in cases.items():
        add(Attack(name.replace("_", "-"), code, _cook(changes), policy))


def _cook(changes: Callable[[Scene], dict[str, Any]]) -> Callable[[Scene], str]:
    return lambda scene: scene.response(recipe=replace(Recipe(), **changes(scene)))


def repacked(posted: str, edit: Callable[[Any], Any]) -> str:
    """Change a finished message."""
    root = decode(posted)
    edit(root)
    return encode(etree.tostring(root))
