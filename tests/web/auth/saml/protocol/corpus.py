"""All attacks with login responses, by name.

    for attack in ATTACKS.values():
        form = attack.form(Scene(idp, sp, request_id))     # to be refused, with `attack.code` in the log

Those with another policy than the usual one need the implementation's switches; those with `twice` are good at first;
those without `pending` come when no request is waiting.
"""

from tests.web.auth.saml.protocol import (
    attacks_content,
    attacks_encryption,
    attacks_names,
    attacks_reading,
    attacks_second_reader,
    attacks_signatures,
    attacks_wrapping,
)
from tests.web.auth.saml.protocol.attack_scene import ATTACKS, Attack, Scene

__all__ = ["ATTACKS", "Attack", "Scene"]

FILES = (
    attacks_content,
    attacks_encryption,
    attacks_names,
    attacks_reading,
    attacks_second_reader,
    attacks_signatures,
    attacks_wrapping,
)
