"""A process which reads hostile documents and says by how many KB it has grown: started by `test_screening.py`.

A process of its own, so that nothing but the documents counts. Every document has names of its own; what a parser keeps
of one is never used again, and the growth is what a stranger could add to each day.

    python -m tests.web.auth.saml.protocol.reading_growth reader   # the reader alone, all in one thread
    python -m tests.web.auth.saml.protocol.reading_growth guard    # whole messages, as they are judged
"""

import json
import secrets
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.support.saml_forge import ASSERTION
from tests.web.auth.saml.protocol.attack_scene import Scene
from tests.web.auth.saml.protocol.attacks_names import random_names
from web.auth.saml.protocol.messages.response_guard import verify_response
from web.auth.saml.protocol.values import Rejected, SamlPolicy
from web.auth.saml.protocol.xml.parsing import read_xml

SCENE = Scene()
DOCUMENTS = 60
WARM_UP = 20


def blanks(_: bytes, many: int) -> bytes:
    chosen = (bytes(b" \t\n"[byte % 3] for byte in secrets.token_bytes(50)) for _ in range(many))
    return b"".join(b"<saml:Advice/>" + each for each in chosen)


KINDS: dict[str, tuple[Callable[[bytes, int], bytes], bytes]] = {
    "elements": (random_names, b"<saml:n%/>"),
    "attributes": (random_names, b'<saml:Advice n%=""/>'),
    "namespaces": (random_names, b'<saml:Advice xmlns:a="urn:%"/>'),
    "prefixes": (random_names, b'<saml:Advice xmlns:n%="urn:oasis:names:tc:SAML:2.0:assertion"/>'),
    "instructions": (random_names, b"<?n%?>"),
    "entities": (random_names, b"<saml:Advice>&n%;</saml:Advice>"),
    "blanks": (blanks, b""),
}


def inside(kind: str) -> bytes:
    make, template = KINDS[kind]
    return make(template, 1900)


def read(kind: str) -> None:
    with suppress(Rejected):
        read_xml(b'<saml:Advice xmlns:saml="%s">%s</saml:Advice>' % (ASSERTION.encode(), inside(kind)))


def judge(message: str) -> None:
    with suppress(Rejected):
        verify_response(
            message,
            sp=SCENE.sp,
            idp=SCENE.idp.idp,
            policy=SamlPolicy(),
            request_id=SCENE.request_id,
            first_time=lambda key, life_s: True,
        )


def judge_with(kind: str) -> None:
    judge(SCENE.bytes(lambda raw: raw.replace(b"<saml:Subject>", inside(kind) + b"<saml:Subject>", 1)))


def growth_kb(act: Callable[[], None], documents: int = DOCUMENTS) -> int:
    for _ in range(WARM_UP):
        act()
    before = resident_kb()
    for _ in range(documents):
        act()
    return resident_kb() - before


def resident_kb() -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1])


if __name__ == "__main__":
    if sys.argv[1] == "reader":
        grown = {kind: growth_kb(lambda kind=kind: read(kind)) for kind in KINDS}  # type: ignore[misc]
    else:
        grown = {kind: growth_kb(lambda kind=kind: judge_with(kind)) for kind in ("elements", "blanks")}  # type: ignore[misc]
    sys.stdout.write(json.dumps(grown))
