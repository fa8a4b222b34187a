"""The identity provider's name, addresses and key pair. The key pair is made once and kept.

The name does not contain the port, so that people stay the same people when the port changes.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from records.identity import certificates
from records.identity import saml_providers as saml

ENTITY_ID = saml.DEVELOPMENT_ENTITY_ID

#: The folder of its key pair, below the data folder.
FOLDER = "identity-provider"

#: What one PEM file holds: the private key and its certificate.
PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----\n.+?\n-----END \1-----\n", re.DOTALL)


@dataclass(frozen=True)
class Identity:
    """The identity provider; `url` has no slash at the end, and the repr shows no key."""

    url: str
    key_pem: str = field(repr=False)
    certificate_pem: str = field(repr=False)

    @property
    def sso_url(self) -> str:
        """Where login requests are sent."""
        return f"{self.url}/sso"

    @property
    def slo_url(self) -> str:
        """Where logout messages are sent."""
        return f"{self.url}/slo"

    def name_id(self, person: str, service_provider: str) -> str:
        """A person's persistent name for one service provider: always the same, and unrelated to others (core 8.3.7)."""
        text = f"{len(service_provider)}:{service_provider}{person}".encode()
        return "_" + hmac.new(self.key_pem.encode(), text, hashlib.sha256).hexdigest()


def identity(folder: Path, url: str) -> Identity:
    """Read the key pair, or make it at the first start."""
    file = folder / "key-and-certificate.pem"
    if not file.exists():
        make(file)
    text = file.read_text()
    key, certificate = (found.group() for found in PEM.finditer(text))
    return Identity(url, key, certificate)


def make(file: Path) -> None:
    """Make the key pair, in a file that only its owner can read."""
    key, certificate = certificates.make("Development identity provider")
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(key + certificate.pem)
