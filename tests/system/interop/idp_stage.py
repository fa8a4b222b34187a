"""The stage of interoperability: our whole service with some implementations, and identity providers written by others.

The service answers at 127.0.0.1 and the providers at localhost, so that to the browser they are different sites.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from tests.system.interop.providers import simplesamlphp

HERE = Path(__file__).parent
SAMLP = HERE / "providers" / "samlp"
START_S = 40
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def fetched(address):
    with NO_PROXY.open(address, timeout=5) as answer:
        return answer.read()


def await_answer(address, process, log):
    """Wait until an address answers; what the process said is in the failure."""
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError):
            return fetched(address)
        time.sleep(0.1)
    raise AssertionError(f"nothing answers at {address}:\n{log.read_text()[-3000:]}")


def new_key(folder):
    """A key and its certificate for a provider."""
    subprocess.run(
        ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=identity provider",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"),
        check=True, capture_output=True,
    )  # fmt: skip


@dataclass
class Provider:
    """A running identity provider. `slugs` are the implementations that it logs people in to."""

    name: str
    metadata_url: str
    process: subprocess.Popen
    slugs: tuple[str, ...] = ()
    settings: dict = field(default_factory=dict)  #: what has to be set at our side beyond its metadata
    leave_url: str = ""  #: where one logs out at the provider itself, which then tells us by redirect

    def metadata(self):
        return fetched(self.metadata_url)

    def stop(self):
        """End it and what it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(10)


def start(name, folder, command, metadata_url, env=None, **more):
    log = folder / "provider.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env={**os.environ, **(env or {})}, start_new_session=True
        )
    provider = Provider(name, metadata_url, process, **more)
    try:
        await_answer(metadata_url, process, log)
    except BaseException:
        provider.stop()
        raise
    return provider


def pysaml2(folder, port, metadata, services):
    command = (sys.executable, HERE / "providers" / "pysaml2_idp.py", str(port), folder, *metadata)
    mapped = {"user_type": ["urn:oid:1.3.6.1.4.1.5923.1.1.1.1"]}
    return start("pysaml2", folder, command, f"http://localhost:{port}/metadata", settings={"attribute_map": mapped})


def simple_saml_php(folder, port, metadata, services):
    address = simplesamlphp.configure(port, folder, metadata)
    command, env = simplesamlphp.command(port, folder)
    leave = f"http://localhost:{port}/saml2/idp/initSLO.php?RelayState=/"
    mapped = {"attribute_map": {"user_type": ["userType"]}}
    return start("SimpleSAMLphp", folder, command, address, env, settings=mapped, leave_url=leave)


def samlp(folder, port, metadata, services):
    return samlp_by("HTTP-Redirect", folder, port, services, leave_url=f"http://localhost:{port}/slo")


def samlp_by_post(folder, port, metadata, services):
    """The same, but it posts its answer to a logout instead of redirecting."""
    return samlp_by("HTTP-POST", folder, port, services)


def samlp_by(binding, folder, port, services, **more):
    command = ("node", SAMLP / "idp.js", str(port), folder, *services)
    mapped = {"attribute_map": {"user_type": ["http://schemas.example.org/usertype"]}}
    address = f"http://localhost:{port}/metadata"
    return start("samlp", folder, command, address, {"SLO_BINDING": binding}, settings=mapped, **more)


#: name -> (how it is started, whether it is installed)
PROVIDERS = {
    "pysaml2": (pysaml2, lambda: shutil.which("xmlsec1")),
    "SimpleSAMLphp": (simple_saml_php, lambda: shutil.which("php") and simplesamlphp.SOURCE.exists()),
    "samlp": (samlp, lambda: shutil.which("node") and (SAMLP / "node_modules").exists()),
    "samlp-by-post": (samlp_by_post, lambda: shutil.which("node") and (SAMLP / "node_modules").exists()),
}
