"""The names of pages and endpoints, for people: support reads where an error was shown, not the name of a view.

A test checks that every route has a name here, and nothing else has one.
"""

from __future__ import annotations

from types import MappingProxyType

from web.error_references import NO_VIEW

_CONSOLE = MappingProxyType(
    {
        "console.add": "Console: add an implementation",
        "console.add_it": "Console: add an implementation",
        "console.home": "Console: implementations",
        "console.overview": "Console: overview",
        "console.sign_in": "Console: sign in",
        "console.signed_in_again": "Console: sign in again",
        "console_audit.csv_of_all": "Console: audit of all implementations, as CSV",
        "console_audit.csv_of_implementation": "Console: audit, as CSV",
        "console_audit.of_all": "Console: audit of all implementations",
        "console_audit.of_implementation": "Console: audit",
        "console_counts.counts": "Console: counts",
        "console_first.look": "Console: the first administrator's link",
        "console_first.use": "Console: the first administrator's link",
        "console_people.disable": "Console: lock a person out",
        "console_people.enable": "Console: let a person in again",
        "console_people.people": "Console: people",
        "console_people.person": "Console: a person",
        "console_people.refused": "Console: refused logins",
        "console_roles.ask_to_remove": "Console: take a role away",
        "console_roles.grant_roles": "Console: give a role",
        "console_roles.grant_scanning": "Console: name scanners",
        "console_roles.remove_roles": "Console: take a role away",
        "console_roles.remove_scanning": "Console: take the role of scanner away",
        "console_roles.roles": "Console: roles",
        "console_runs.case": "Console: a run as a case",
        "console_runs.every": "Console: runs",
        "console_runs.one": "Console: a run",
        "console_runs.why": "Console: why this message?",
    }
)

_AUTHORS = MappingProxyType(
    {
        "author_runs.list_all": "Authors' endpoints: runs",
        "author_runs.show": "Authors' endpoints: a run",
        "author_submissions.hand_in": "Authors' endpoints: hand a script in",
        "author_submissions.list_all": "Authors' endpoints: submissions",
        "author_submissions.show": "Authors' endpoints: a submission",
        "author_submissions.withdraw": "Authors' endpoints: withdraw a submission",
        "author_token.show": "Authors' endpoints: the author token",
        "author_versions.diff": "Authors' endpoints: compare two versions",
        "author_versions.list_all": "Authors' endpoints: versions",
        "author_versions.show": "Authors' endpoints: a version",
    }
)

_SETTINGS = MappingProxyType(
    {
        "console_settings.add_connection": "Console: add a connection",
        "console_settings.agenda": "Console: agenda",
        "console_settings.agenda_job": "Console: a large import of the agenda",
        "console_settings.app": "Console: the app",
        "console_settings.archive": "Console: archive the implementation",
        "console_settings.ask_remove_connection": "Console: remove a connection",
        "console_settings.ask_remove_external": "Console: remove External Authentication",
        "console_settings.ask_remove_provider": "Console: remove the identity provider",
        "console_settings.ask_undo": "Console: undo an import of the agenda",
        "console_settings.attributes": "Console: attributes of the identity provider",
        "console_settings.cancel_job": "Console: cancel a large import of the agenda",
        "console_settings.check": "Console: test login",
        "console_settings.check_agenda": "Console: check an agenda file",
        "console_settings.connection": "Console: a connection",
        "console_settings.connections": "Console: connections",
        "console_settings.decide_certificate": "Console: decide about a certificate",
        "console_settings.edit_external": "Console: External Authentication",
        "console_settings.edit_provider": "Console: change the identity provider",
        "console_settings.export_agenda": "Console: agenda, as CSV",
        "console_settings.external": "Console: External Authentication",
        "console_settings.import_agenda": "Console: import an agenda",
        "console_settings.attendance": "Console: attendance settings",
        "console_settings.link_hosts": "Console: link hosts",
        "console_settings.mapped_roles": "Console: roles from the provider",
        "console_settings.new_connection": "Console: add a connection",
        "console_settings.next_key": "Console: publish the next keys",
        "console_settings.our_certificate": "Console: our signing certificate",
        "console_settings.our_encryption_certificate": "Console: our encryption certificate",
        "console_settings.policy": "Console: policy of the identity provider",
        "console_settings.preview_provider": "Console: read the identity provider's metadata",
        "console_settings.provider": "Console: identity provider",
        "console_settings.read_provider": "Console: read the identity provider's metadata",
        "console_settings.refresh_provider": "Console: look for new certificates",
        "console_settings.remove": "Console: remove the implementation",
        "console_settings.remove_connection": "Console: remove a connection",
        "console_settings.remove_external": "Console: remove External Authentication",
        "console_settings.remove_provider": "Console: remove the identity provider",
        "console_settings.restore": "Console: restore the implementation",
        "console_settings.retirement": "Console: archive or remove",
        "console_settings.save_app": "Console: the app",
        "console_settings.save_attributes": "Console: attributes of the identity provider",
        "console_settings.save_connection": "Console: a connection",
        "console_settings.save_external": "Console: External Authentication",
        "console_settings.save_attendance": "Console: attendance settings",
        "console_settings.save_link_hosts": "Console: link hosts",
        "console_settings.save_mapped_roles": "Console: roles from the provider",
        "console_settings.save_policy": "Console: policy of the identity provider",
        "console_settings.save_provider": "Console: change the identity provider",
        "console_settings.save_script": "Console: settings of the script",
        "console_settings.save_settings": "Console: settings",
        "console_settings.script": "Console: settings of the script",
        "console_settings.settings": "Console: settings",
        "console_settings.switch_key": "Console: switch to the next keys",
        "console_settings.try_connection": "Console: test a connection",
        "console_settings.try_external_assertion": "Console: test the signed assertion",
        "console_settings.try_external_password": "Console: test the password login",
        "console_settings.try_external_token": "Console: test the introspection",
        "console_settings.try_login": "Console: test login",
        "console_settings.undo_import": "Console: undo an import of the agenda",
        "console_settings.upload_agenda": "Console: upload an agenda",
    }
)

_SCRIPTS = MappingProxyType(
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
        "console_scripts.one": "Console: a version of the script",
        "console_scripts.resolve_comment": "Console: resolve a comment on a submission",
        "console_scripts.revoke_token": "Console: revoke an author token",
        "console_scripts.submission": "Console: a submission",
        "console_scripts.cancel_trial": "Console: cancel the trial of a submission",
        "console_scripts.trial": "Console: trial of a submission",
        "console_scripts.try_submission": "Console: try a submission",
        "console_scripts.tokens": "Console: author tokens",
        "console_scripts.withdraw": "Console: withdraw a submission",
        "console_scripts.work_on": "Console: write the script",
    }
)

#: The name of a view -> the name of its page or endpoint.
PAGE_NAMES = MappingProxyType(
    {
        **_CONSOLE,
        **_SETTINGS,
        **_AUTHORS,
        **_SCRIPTS,
        NO_VIEW: "an unknown address, or a request that was refused before it was read",
        "app_login.done": "Login for the app: done",
        "app_login.start": "Login for the app: start",
        "app_tokens.revoke": "API: the app ends a login",
        "app_tokens.session": "API: the app asks who is logged in",
        "app_tokens.token": "API: the app asks for tokens",
        "external.complete": "Login on the organizer's page: back in the browser",
        "external.log_in": "Login with badge and name",
        "external.login": "Login by External Authentication: start",
        "external.posted": "Login on the organizer's page: its answer",
        "health.alive": "Health of the process",
        "health.ready": "Readiness of the process",
        "openapi.document": "API: the OpenAPI document",
        "returns.come_back": "The way back from the vendor's site",
        "returns.to_app": "The way back to the session in the app",
        "root.robots": "The file for search engines",
        "root.root": "The start page",
        "saml.acs": "Login at the identity provider: its answer",
        "saml.complete": "Login at the identity provider: back in the browser",
        "saml.complete_as_another": "Login at the identity provider: continue as another person",
        "saml.login": "Login at the identity provider: start",
        "saml.metadata": "Our metadata for the identity provider",
        "saml.slo": "Logout at the identity provider",
        "saml.slo_posted": "Logout at the identity provider",
        "static": "A file of a page",
        "scans.attendance": "API: the attendance of a session",
        "scans.take_in": "API: a device sends scans",
        "status.returned": "API: the app reports that the person came back",
        "status.show": "API: the app asks for the status",
        "ways.choose": "Login: choice of the login method",
        "ways.log_out": "Logout",
        "ways.out": "Logged in, or out?",
        "widget.check_again": "The widget: check again",
        "widget.show": "The widget",
        "widget.tint": "The widget's colours",
    }
)


def page_name(what: str) -> str:
    """Return the name of a view's page; anything that is not a view, for example an outage, is returned as it is."""
    return PAGE_NAMES.get(what, what)
