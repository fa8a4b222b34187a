"""The development identity provider in this process, and two service providers which it knows."""

import pytest

from records.identity import certificates
from tests.support.application import small_keys
from tests.web.devidp.sender import SERVICE, URL, Sender
from web.devidp.app import create_idp
from web.devidp.identity import identity
from web.devidp.service_providers import ServiceProviders


@pytest.fixture(autouse=True)
def _small_keys():
    with small_keys():
        yield


@pytest.fixture(scope="session")
def pairs():
    with small_keys():
        return [(key, made.pem) for key, made in (certificates.make(f"sp {number}") for number in range(2))]


@pytest.fixture(scope="session")
def idp_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("idp") / "identity-provider"


@pytest.fixture(scope="session")
def idp(idp_folder):
    with small_keys():
        return identity(idp_folder, URL)


@pytest.fixture(scope="session")
def demo(pairs):
    return Sender("demo", pairs[0])


@pytest.fixture(scope="session")
def staff(pairs):
    return Sender("staff", pairs[1])


@pytest.fixture(scope="session")
def app(idp, demo, staff):
    known = {"demo": (demo.certificate,), "staff": (staff.certificate,)}
    providers = ServiceProviders(public_url=SERVICE, certificates=lambda slug: known.get(slug, ()))
    return create_idp(idp, providers, service_url=SERVICE, app_origins=("http://127.0.0.1:8001",))


@pytest.fixture
def http(app):
    client = app.test_client()
    client.environ_base["HTTP_HOST"] = "127.0.0.1:8002"
    client.environ_base["REMOTE_ADDR"] = "127.0.0.1"
    return client
