"""Back pressure: how fast runs end, when it is worth asking again, and which work is left out while people wait.

run_pace.py        from counts to a rate and to seconds; knows neither store nor clock
run_counts.py      how many runs have ended, counted by the workers
live_load.py       one process's view of the load: `Retry-After`, and whether a run may start
token_buckets.py   how often one key may do something, in the memory of a process
run_admission.py   which claims may start a run
"""
