"""People and roles of an implementation: who was here, what they may do and by which grant, and who is locked out.

`views` has the people, one person, locking out and letting in again; `roles` the grants, adding several at once and
taking one away; `refused` the last refused logins; `naming` says what a person may give, and a grant in words; `forms` has the forms of both.
"""
