"""The runner: how a status request becomes a message.

The path of a status request, file by file:

    status/service.py            asks the cache, which places an order if a run is due; waits if allowed
    status/snapshots.py          implementations and sessions, so that a cached answer touches no database
    status/visibility.py         whether anything is shown at all
    status/cache.py              one run at a time, no result from before a return after it (in Lua: `cache_scripts.py`)
    status/change_events.py      wakes waiting requests, drops snapshots that have changed
    queues/order_scripts.py      the lists of orders, and whose turn it is (in Lua)
    queues/status_jobs.py        RQ: jobs that start drainers
    (worker.py)                  the process that takes jobs from the queue
    runs/draining/drainer.py     a thread that takes one order after another
    runs/worker_services.py      the services that all runs of a worker share
    runs/job.py                  one run: `version_bundle` and `script_input` are its input, `powers/` its calls
    runs/outcome_to_status.py    what is shown after it: its message (`message_contract`), or a substitute
    runs/traces.py               its record, written after the answer
    runs/crash_watch.py          suspends a version whose runs crash the interpreter repeatedly
    status/status_body.py        the answer, as a value and as JSON

The folders, the lowest first:

    settings/      the operator's settings, read once
    logs/          the log of a process
    store/         the Valkey or Redis server (our own if none is named), its clients, the heartbeats of workers
    health/        start checks, outages, errors that people were shown
    logins/        what Redis keeps of logins: tokens, replays, ended logins
    queues/        the queues of RQ
    status/        what a session shows to a user now
    explanations/  why it shows that, in words for staff
    powers/        calls to vendors
    runs/          one run of a script
    trials/        runs outside status requests, for authors
    background/    background jobs: the worker's part, and the jobs themselves

A script's fault is an outcome; exceptions raised here are faults of the service.
"""
