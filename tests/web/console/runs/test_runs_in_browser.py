"""Counts and a run in Chromium: phone and desktop, light and dark, and the case that is downloaded."""

import zipfile

import pytest

from tests.web.console.runs.test_cases_and_counts import DEMO, recorded
from tests.web.console.scripts.conftest import looked_at, page_as

__all__ = ["page_as", "recorded"]
pytestmark = pytest.mark.browser


def test_counts_are_charts_beside_numbers_and_a_run_becomes_a_case(page_as, served, recorded):
    page = page_as("reviewer")
    page.goto(f"{served.config['address']}{DEMO}/runs")
    looked_at(page, "runs")
    page.goto(f"{served.config['address']}{DEMO}/counts")
    looked_at(page, "counts")
    page.get_by_text("The numbers of each hour").click()
    looked_at(page, "counts-hours")
    page.goto(f"{served.config['address']}{DEMO}/runs/{recorded[1].id}")
    looked_at(page, "run")
    with page.expect_download() as started:
        page.get_by_role("link", name="Open this run as a case").click()
    with zipfile.ZipFile(started.value.path()) as archive:
        assert {name.partition("/")[2] for name in archive.namelist()} >= {"script.py", "input.json", "answers.json"}
