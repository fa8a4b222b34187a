"""The authors' endpoints: what their command line does over HTTP, with an author token in place of a login.

token_access.py        whose token a request has, and what it allows
request_values.py      reads bodies and parameters
answers.py             what programs are told of submissions, versions and runs
submission_views.py    handing in, looking at and withdrawing submissions
version_views.py       versions, their texts, and the difference between two
run_views.py           runs with their traces
token_views.py         the token's own facts
"""
