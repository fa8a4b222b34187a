"""Databases with the newest schema and no rows: a copy of one that was made once, because its migrations take longer than most tests."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from records import Database


def new_records(url, *, environment=None):
    """Make a database of an environment, as `db upgrade` does; `url` names a file that is not there yet, or a server."""
    database = Database(url, environment=environment)
    if url.startswith("sqlite:///"):
        shutil.copy(_template(environment), database.engine.url.database)
    else:
        database.upgrade()
    return database


@functools.cache
def _template(environment):
    folder = Path(tempfile.mkdtemp(prefix="records-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = Database(f"sqlite:///{folder / 'records.db'}", environment=environment)
    database.upgrade()
    database.dispose()
    return folder / "records.db"
