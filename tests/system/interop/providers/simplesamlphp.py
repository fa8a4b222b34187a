"""Debian's SimpleSAMLphp as an identity provider: its configuration, and PHP's own web server in front of it."""

import json
import secrets
from pathlib import Path

SOURCE = Path("/usr/share/simplesamlphp")
PEOPLE = json.loads((Path(__file__).parent / "people.json").read_text())


def php(value):
    """A value in PHP's notation."""
    if isinstance(value, dict):
        return "[" + ", ".join(f"{php(key)} => {php(item)}" for key, item in value.items()) + "]"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(php(item) for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def person(username):
    about = PEOPLE[username]
    return {
        "uid": [username],
        "id": [about["id"]],
        "mail": [about["mail"]],
        "givenName": [about["first"]],
        "sn": [about["last"]],
        "userType": [about["type"]],
    }


def configure(port, folder, metadata, **hosted):
    """Write the configuration into `folder`, which holds `key.pem` and `cert.pem`; `hosted` are more of its settings."""
    base = f"http://localhost:{port}/"
    for name in ("metadata", "log", "data", "tmp", "sessions"):
        (folder / name).mkdir(exist_ok=True)
    config = {
        "baseurlpath": base,
        "certdir": f"{folder}/",
        "loggingdir": f"{folder}/log/",
        "datadir": f"{folder}/data/",
        "tempdir": f"{folder}/tmp",
        "metadatadir": f"{folder}/metadata",
        "secretsalt": secrets.token_hex(16),
        "auth.adminpassword": secrets.token_hex(16),
        "technicalcontact_email": "operator@example.org",
        "logging.handler": "file",
        "logging.level": 7,
        "enable.saml20-idp": True,
        "module.enable": {"exampleauth": True, "core": True, "saml": True},
        "session.cookie.secure": False,
        "session.cookie.samesite": "Lax",
        "language.cookie.secure": False,
        "language.cookie.samesite": "Lax",
        "store.type": "phpsession",
        "session.phpsession.savepath": f"{folder}/sessions",
        "session.phpsession.httponly": True,
        "metadata.sources": [{"type": "flatfile"}, *({"type": "xml", "file": str(path)} for path in metadata)],
        "trusted.url.domains": ["localhost", "127.0.0.1"],
    }
    users = {f"{name}:{about['password']}": person(name) for name, about in PEOPLE.items()}
    idp = {
        "host": "__DEFAULT__",
        "privatekey": "key.pem",
        "certificate": "cert.pem",
        "auth": "people",
        "NameIDFormat": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
        "authproc": {
            3: {
                "class": "saml:AttributeNameID",
                "attribute": "id",
                "Format": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
            }
        },
        "redirect.sign": True,
        "redirect.validate": True,
        **hosted,
    }
    (folder / "config.php").write_text(f"<?php\n$config = {php(config)};\n")
    (folder / "authsources.php").write_text(
        f"<?php\n$config = ['people' => ['exampleauth:UserPass'] + {php(users)}];\n"
    )
    (folder / "metadata" / "saml20-idp-hosted.php").write_text(f"<?php\n$metadata['__DYNAMIC:1__'] = {php(idp)};\n")
    return f"{base}saml2/idp/metadata.php"


def command(port, folder):
    """What to run, and its environment."""
    arguments = ("php", "-d", "error_reporting=E_ALL & ~E_DEPRECATED", "-d", "display_errors=0")
    return (*arguments, "-S", f"localhost:{port}", "-t", str(SOURCE / "www")), {
        "SIMPLESAMLPHP_CONFIG_DIR": str(folder),
        "PHP_CLI_SERVER_WORKERS": "4",
    }
