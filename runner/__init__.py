"""The runner: from the question "what is shown for this session and user?" to a message, and what that needs.

The way of a status request, file by file:

    status/service.py            asks the cache, waits if allowed, queues a run if one is due
    status/snapshots.py          implementations and sessions, so that a cached answer touches no database
    status/visibility.py         whether anything is shown at all
    status/cache.py              one run at a time, nothing from before a return after it (`cache_scripts.py`: in Lua)
    status/change_events.py      wakes who waits, drops what has changed
    queues/status_jobs.py        RQ: what may be queued, and whose turn it is
    (worker.py)                  the process which takes runs from the queue
    runs/worker_services.py      the parts which all runs of a worker share
    runs/job.py                  one run: `version_bundle` and `script_input` are what it is given, `powers/` what it can do
    runs/outcome_to_status.py    what is shown of how it ended: the message (`message_contract`), or something softer
    runs/traces.py               what is remembered of it, written behind the answer
    runs/crash_watch.py          suspends a version whose runs end the interpreter again and again
    status/status_body.py        the answer, as a value and as JSON

The folders, the lowest first:

    settings/      the operator's settings, read once
    store/         the Valkey or Redis server (our own if none is named), its clients, the heartbeats of workers
    health/        start checks, outages, errors that people were shown
    logins/        what is remembered of logins: tokens, replays, ended logins
    queues/        the queues of RQ
    status/        what a session shows to a user now
    explanations/  why it shows that, in words for staff
    powers/        calls to vendors
    runs/          one run of a script
    trials/        runs outside of status requests, for authors
    background/    jobs that people order: the worker's part, and the jobs themselves

A script's fault is an outcome; what these files raise is our own.
"""
