"""People and roles of an implementation: who has logged in, what they may do and by which grant, and who is locked out.

`views` has the list of people, one person, locking out and letting in again; `roles` the grants and which roles a person
may grant; `refused_logins` has the last refused logins; `forms` has the forms.
"""
