"""`session-status script check`: what is wrong with a script, where, why, and what to write instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from runner.trials import trial_input
from runner.trials.fact_review import ImplementationFacts
from runner.trials.script_review import finding_json
from runner.trials.trial import TrialSandbox, unreadable_finding
from web.cli.common.deferred import deferred
from web.cli.common.errors import ANSWER_IS_NO
from web.cli.common.help_examples import examples
from web.cli.common.render import draw_findings
from web.cli.common.tables import print_compact

from .trial_files import read_source, script_path
from .trial_sandboxes import allow_weak_option, files_argument, json_option, open_sandbox, side_by_side


@click.command(
    "check",
    epilog=examples(
        "session-status script check scripts/examples/*/script.py",
        "session-status script check my_script.py --for demo",
        "session-status script check my_script.py --link-hosts cme.example.org,events.example.com",
    ),
)
@files_argument
@click.option(
    "--for",
    "implementation",
    metavar="IMPLEMENTATION",
    help="Also check against this implementation: its connections, settings and link hosts.",
)
@click.option(
    "--link-hosts", metavar="HOST,...", help="Hosts that messages may link to; any other host causes a warning."
)
@json_option
@allow_weak_option
def check(
    files: Sequence[str], implementation: str | None, link_hosts: str | None, *, as_json: bool, allow_weak: bool
) -> None:
    """Check scripts: show what is wrong, where, why, and what to write instead.

    The scripts are not run. FILE may be a folder with a script.py, or - for standard input. Exit status: 0 if no file has an
    error (there may be warnings), 1 otherwise.
    """
    hosts = None if link_hosts is None else parse_hosts(link_hosts)
    facts = None if implementation is None else deferred("web.cli.scripts.live_trials:read_facts")(implementation)
    good = True
    with open_sandbox(allow_weak=allow_weak) as sandbox:
        for result in side_by_side(lambda file: check_file(sandbox, file, hosts, facts), files):
            good = good and result["ok"]
            if as_json:
                print_compact(result)
            else:
                click.echo(draw_findings(result["file"], result["findings"]) or f"{result['file']}: no findings")
    if not good:
        raise SystemExit(ANSWER_IS_NO)


def parse_hosts(listed: str) -> tuple[str, ...]:
    """Parse a comma-separated list of host names. Raises click.BadParameter."""
    try:
        return trial_input.hosts([host.strip() for host in listed.split(",") if host.strip()])
    except trial_input.InputError as error:
        raise click.BadParameter(str(error), param_hint="--link-hosts") from None


def check_file(
    sandbox: TrialSandbox, file: str, hosts: Sequence[str] | None, facts: ImplementationFacts | None
) -> dict[str, Any]:
    """Check one file; return its findings as JSON values."""
    source, fault = read_source(file)
    if source is None:
        return {"file": file, "ok": False, "findings": [finding_json(unreadable_finding(fault))]}
    review = sandbox.review(source, hosts, facts)
    return {"file": script_path(file), "ok": review.ok, "findings": [finding_json(one) for one in review.findings]}
