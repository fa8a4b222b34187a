"""`session-status script activate`: checks a script, stores it and activates it, without a review."""

from __future__ import annotations

from collections.abc import Callable

import click

from records import DbSession, Version
from records.changes.after_commit import AfterCommit
from records.changes.scripts import deployments
from runner.trials.implementation_facts import facts_of
from runner.trials.script_review import ScriptReview, finding_json
from runner.trials.submission import checked_script
from runner.trials.trial import TrialSandbox
from web.cli.authors.trial_files import read_source
from web.cli.authors.trial_sandboxes import allow_weak_option, open_sandbox
from web.cli.common.audit_context import audit_context, whoami
from web.cli.common.context import CommandContext, find_implementation, open_context
from web.cli.common.errors import ANSWER_IS_NO, CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.render import draw_findings

from .lacking import anyway_option, commit_ready, without_of


@click.command(
    epilog=examples(
        "session-status script activate demo scripts/examples/annual_meeting/script.py",
        "session-status script activate demo - < my_script.py",
    )
)
@click.argument("implementation", type=ImplementationId())
@click.argument("file")
@anyway_option
@allow_weak_option
def activate(implementation: str, file: str, *, anyway: bool, allow_weak: bool) -> None:
    """Check a script, store it as a version of IMPLEMENTATION, and activate it at once.

    FILE may be a folder with a script.py, or - for standard input. Earlier versions stay stored. Settings, connections and
    link hosts that it needs must be there. Exit status: 1 if the check finds an error; then nothing changes.
    """
    source, fault = read_source(file)
    if source is None:
        raise CommandFailed(fault)
    with open_context() as context, open_sandbox(allow_weak=allow_weak) as sandbox:
        review = review_for(implementation, file, source, context, sandbox)
        if not review.ok:
            click.echo(
                f"Nothing was changed for {implementation}. Correct the errors and activate the script again.", err=True
            )
            raise SystemExit(ANSWER_IS_NO)
        version = commit_ready(
            context, implementation, _activation(implementation, source, review, anyway=anyway)
        ).value
    click.echo(f"Version {version.number} is now active for {implementation}.")


def _activation(
    implementation: str, source: str, review: ScriptReview, *, anyway: bool
) -> Callable[[DbSession], AfterCommit[Version]]:
    script, by, without = checked_script(source, review), audit_context(), without_of(review=True, needs=anyway)
    return lambda db: deployments.activate_text(
        db, find_implementation(db, implementation), script, by, author=whoami(), without=without
    )


def review_for(  # noqa: PLR0913 - what is checked, where, and how it is told
    implementation: str,
    file: str,
    source: str,
    context: CommandContext,
    sandbox: TrialSandbox,
    *,
    as_json: bool = False,
) -> ScriptReview:
    """Check a script against an implementation, and print its findings.

    They go to standard error if one is an error, and with `as_json`: then standard output is for programs.
    """
    with context.database.reading() as db:
        facts = facts_of(db, find_implementation(db, implementation))
    review = sandbox.review(source, facts=facts)
    if review.findings:
        click.echo(draw_findings(file, [finding_json(one) for one in review.findings]), err=as_json or not review.ok)
    return review
