"""Facts: what a vendor tells beforehand about a user at a session, or at the whole event.

`fact_tables` has the rows, `fact_content` what a fact may be, `fact_storage` how a batch of them is stored and which of them
go, `fact_reading` what one run of a script sees of them, `fact_lists` what pages show, and `hook_secrets` the secrets with
which a vendor signs what it sends. `prepared_runs` keeps what became of each run of `prepare`, and `ending_sessions` says for
which sessions it is due, and `expected_people` who will look then. A fact belongs to a user whom the records know, and goes with the user's row.
"""
