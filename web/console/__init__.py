"""The console: where staff set up implementations, grant roles and see what was done.

Server-rendered pages without a framework. A page is one view: it reads its form, calls one rule of the records, and
renders. `web.auth.staff.authorization` decides before who may enter, from the decorator of each view (`@needs(...)`).

    layout/page_frame.py            the frame of every page: navigation, breadcrumb, notices; `page(...)` renders into it
    web/forms/                      the base of all forms, and its fields
    web/auth/staff/staff_member.py  who is signed in, and what they may do: `StaffMember`
    views.py                        the first pages: implementations, one implementation, signing in
    first_administrator.py          the first administrator, by a link that works once
    people/                         people and roles
    attendance/                     who was scanned where, and reports of it
    audit.py                        what was done, by whom
    settings/                       an implementation's settings, identity provider and connections
"""
