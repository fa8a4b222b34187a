"""The console: where staff set up implementations, name people and see what was done.

Server-rendered pages without a framework. A page is one view: it reads its form, calls one rule of the records, and
renders. Who may enter is decided before, by `web.door`, from the mark above each view (`@needs(...)`).

    frame.py     the frame of every page: navigation, the way here, notices; `page(...)` renders into it
    forms.py     the form which all forms of the console are made of
    staff.py     who is signed in, and what they may do: `StaffMember`
    views.py     the first pages: implementations, one implementation, signing in
    first.py     the first administrator, by a link that works once
    people/      people and roles
    audit.py     what was done, by whom
    settings/    an implementation's settings, identity provider and connections
"""
