"""The names of the console's pages about scripts (see `page_names`)."""

from __future__ import annotations

from types import MappingProxyType

SCRIPT_PAGES = MappingProxyType(
    {
        "console_reviews.queue": "Console: reviews",
        "console_scripts.add_comment": "Console: comment on a submission",
        "console_scripts.ask_about_live": "Console: change what users see of the script",
        "console_scripts.ask_about_version": "Console: change what users see of the script",
        "console_scripts.compared": "Console: compare two versions of the script",
        "console_scripts.decide": "Console: decide about a submission",
        "console_scripts.do_with_live": "Console: change what users see of the script",
        "console_scripts.do_with_version": "Console: change what users see of the script",
        "console_scripts.edit": "Console: write the script",
        "console_scripts.every": "Console: scripts",
        "console_scripts.findings": "Console: the editor asks for findings",
        "console_scripts.keep": "Console: the editor saves the draft",
        "console_scripts.make_token": "Console: make an author token",
        "console_scripts.message_colours": "Console: colours of messages",
        "console_scripts.one": "Console: a version of the script",
        "console_scripts.resolve_comment": "Console: resolve a comment on a submission",
        "console_scripts.revoke_token": "Console: revoke an author token",
        "console_scripts.submission": "Console: a submission",
        "console_scripts.cancel_rehearsal": "Console: cancel a rehearsal",
        "console_scripts.order_rehearsal": "Console: rehearse a version",
        "console_scripts.rehearsal": "Console: a rehearsal",
        "console_scripts.rehearsal_file": "Console: a rehearsal as a file",
        "console_scripts.rehearsals": "Console: rehearsals of a version",
        "console_scripts.cancel_trial": "Console: cancel the trial of a submission",
        "console_scripts.replay": "Console: replay of a submission",
        "console_scripts.replay_file": "Console: replay of a submission as a file",
        "console_scripts.trial": "Console: trial of a submission",
        "console_scripts.try_submission": "Console: try a submission",
        "console_scripts.try_version": "Console: try a version",
        "console_scripts.run_version": "Console: try a version",
        "console_scripts.tokens": "Console: author tokens",
        "console_scripts.withdraw": "Console: withdraw a submission",
        "console_scripts.work_on": "Console: write the script",
    }
)
