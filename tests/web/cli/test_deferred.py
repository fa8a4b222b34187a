"""What the commands of authors load only with some options: it is there, and works."""

import pytest

from tests.support import ROOT
from web.cli.authors.run_command import LIVE_CASES
from web.cli.common.deferred import deferred

EXAMPLE = ROOT / "scripts" / "examples" / "ce_credit"


@pytest.mark.parametrize("target", [LIVE_CASES, "web.cli.scripts.live_trials:read_facts"])
def test_a_deferred_function_is_there(target):
    assert callable(deferred(target))


@pytest.fixture
def demo(cli, records):
    assert cli("implementation", "add", "demo", "--name", "Demo Congress", env=records).exit_code == 0
    return records


def test_a_check_for_an_implementation_knows_its_connections_and_settings(cli, demo):
    told = cli("script", "check", EXAMPLE, "--for", "DEMO", env=demo)
    assert told.exit_code == 0, told.output
    assert "demo has no connection named ethosce" in told.output
    assert "demo has no setting named claim_url" in told.output
    assert cli("script", "check", EXAMPLE, "--for", "nowhere", env=demo).exit_code == 2


def test_a_live_run_uses_the_connections_of_the_implementation(cli, demo):
    told = cli("script", "run", EXAMPLE, "--live", "Demo", env=demo)
    assert told.exit_code == 1, told.output
    assert "there is no connection named 'ethosce'" in told.output
