"""One installation on a private PostgreSQL and a private store, whose processes go on while these are stopped and started."""

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from runner.store.embedded import EmbeddedStore
from tests.support.postgres import installed, prepare, serving
from tests.system.outages.installation import Installation


class Postgres:
    """A server that can be stopped and started again on the same files and at the same address."""

    def __init__(self, binaries, folder):
        self._binaries, self._folder = binaries, folder
        self._running = ExitStack()
        prepare(binaries, folder)

    def start(self):
        server = self._running.enter_context(serving(self._binaries, self._folder))
        return server.url.render_as_string(hide_password=False)

    def stop(self):
        self._running.close()


@pytest.fixture(scope="module")
def postgres(postgres_server):
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # the path of a socket is short
    server = Postgres(installed(), folder)
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def installation(postgres, tmp_path_factory):
    folder = tmp_path_factory.mktemp("installation")
    store = EmbeddedStore(folder / "store")
    store.start()
    made = Installation(folder, store, postgres.start())
    try:
        made.start()
        yield made
    finally:
        made.stop()
        store.stop()
