"""The console: where staff set up implementations, name people and see what was done.

Server-rendered pages without a framework. A page is one view: it reads its form, calls one rule of the records, and
renders. Who may enter is decided before, by `web.auth.staff.authorization`, from the mark above each view (`@needs(...)`).

    layout/page_frame.py            the frame of every page: navigation, the way here, notices; `page(...)` renders into it
    web/forms/                      the form which all forms of the console are made of, and its fields
    web/auth/staff/staff_member.py  who is signed in, and what they may do: `StaffMember`
    views.py                        the first pages: implementations, one implementation, signing in
    first_administrator.py          the first administrator, by a link that works once
    people/                         people and roles
    audit.py                        what was done, by whom
    settings/                       an implementation's settings, identity provider and connections
"""
