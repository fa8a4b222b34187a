"""The command line as people use it: as a process, or for speed in this one; and the files that it reads."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner

from tests.support.application import small_keys
from web.cli import main

INPUT = {
    "user": {"id": "165", "first_name": "Mei"},
    "session": {"id": "393", "starts_at": "2026-05-04T13:00:00Z", "ends_at": "2026-05-04T14:00:00Z", "credits": "1.0"},
    "now": "2026-05-04T14:10:00Z",
    "settings": {"claim_url": "https://cme.example.org/claim"},
    "link_hosts": ["cme.example.org"],
}


@pytest.fixture
def cli(command_jail):
    """The command line in this process; an exception that leaves it fails the test."""

    def run(*arguments, env=None, stdin=None):
        result = CliRunner().invoke(main, [str(one) for one in arguments], env=env, input=stdin)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    with small_keys():
        yield run


@pytest.fixture
def process():
    """The command line as a process of its own."""

    def run(*arguments, env=None, stdin=None, timeout=60):
        return subprocess.run(
            [sys.executable, "-P", "-m", "web.cli", *map(str, arguments)],
            capture_output=True,
            input=stdin,
            timeout=timeout,
            check=False,
            env={**os.environ, **(env or {})},
        )

    return run


@pytest.fixture
def write_file(tmp_path):
    """Write a file into this test's folder; anything but text and bytes is written as JSON."""

    def put(name, content):
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return put


@pytest.fixture
def input_file(write_file):
    """An INPUT which everything here can use."""
    return write_file("input.json", INPUT)


@pytest.fixture(scope="session")
def empty_records(tmp_path_factory):
    """A data folder as `db upgrade` leaves it: copying it is quicker than making it."""
    folder = tmp_path_factory.mktemp("empty") / "data"
    result = CliRunner().invoke(main, ["db", "upgrade"], env=development(folder))
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def records(tmp_path, empty_records):
    """The environment of a development machine with an empty database, and no store."""
    shutil.copytree(empty_records, tmp_path / "data")
    return development(tmp_path / "data")


def development(folder):
    """The environment of a development machine with this data folder."""
    return {
        "SESSION_STATUS_ENV": "development",
        "SESSION_STATUS_DATA_FOLDER": str(folder),
        "SESSION_STATUS_SECRET_KEY": "k" * 40,
    }
