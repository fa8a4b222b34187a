"""`session-status script activate`: checks a script, stores it and activates it, without a review."""

from __future__ import annotations

import click

from runner.trials.implementation_facts import facts_of
from runner.trials.script_review import ScriptReview, finding_json
from runner.trials.submission import activate as activate_reviewed
from runner.trials.trial import TrialSandbox
from web.cli.authors.trial_files import read_source
from web.cli.authors.trial_sandboxes import allow_weak_option, open_sandbox
from web.cli.common.audit_context import audit_context, whoami
from web.cli.common.context import CommandContext, find_implementation, open_context
from web.cli.common.errors import ANSWER_IS_NO, CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.render import draw_findings


@click.command(
    epilog=examples(
        "session-status script activate demo scripts/examples/annual_meeting/script.py",
        "session-status script activate demo - < my_script.py",
    )
)
@click.argument("implementation", type=ImplementationId())
@click.argument("file")
@allow_weak_option
def activate(implementation: str, file: str, *, allow_weak: bool) -> None:
    """Check a script, store it as a version of IMPLEMENTATION, and activate it at once.

    FILE may be a folder with a script.py, or - for standard input. Earlier versions stay stored. Exit status: 1 if the check
    finds an error; then nothing changes.
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
        version = context.commit(
            lambda db: activate_reviewed(
                db, find_implementation(db, implementation), source, review, audit_context(), author=whoami()
            )
        ).value
    click.echo(f"Version {version.number} is now active for {implementation}.")
    if any(one.rule == "missing-setting" for one in review.findings):  # which ones, the findings say
        click.echo(
            "Its runs will fail until the missing settings are there: "
            f"session-status implementation set {implementation} script_settings='{{...}}'",
            err=True,
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
