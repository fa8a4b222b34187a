"""What all tests share: one store, one PostgreSQL, one browser and vendors for a process's tests, and how the files are dealt out."""

import gc

from hypothesis import settings

# How long an example takes says how busy the machine is, and nothing about what is tested.
settings.register_profile("without a clock", deadline=None)
settings.load_profile("without a clock")

# What is collected lives to the end: looking for garbage in it meanwhile takes a sixth of the time.
gc.set_threshold(100_000, 50, 50)

pytest_plugins = [
    "tests.support.scratch_folder",  # first, because others make files
    "tests.support.compiled_parts",  # others import it
    "tests.support.check_worker",
    "tests.support.chromium",
    "tests.support.command_jail",
    "tests.support.dealing",
    "tests.support.html_checker",
    "tests.support.postgres",
    "tests.support.valkey",
    "tests.support.vendors",
]


def pytest_collection_finish() -> None:
    """Take what was collected out of the garbage collector's sight: it lives to the end, and is large. Then collect less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
