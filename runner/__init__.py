"""The runner: from the question "what is shown for this session and user?" to a message, and what that needs.

The way of a question, file by file:

    status.py        the desk: asks the cache, waits if allowed, queues a run if one is due
    profiles.py      snapshots of implementations and sessions, so that a cached answer touches no database
    visibility.py    whether anything is shown at all
    cache.py         one run at a time, nothing from before a return after it (`cache_scripts.py`: in Lua)
    bulletin.py      wakes who waits, drops what has changed
    queue.py         RQ: what may be queued, and whose turn it is
    (worker.py)      the process which takes runs from the queue
    workshop.py      the parts which all runs of a worker share
    job.py           one run: `kit.py` and `facts.py` are what it is given, `powers/` what it can do
    compose.py       what is shown of how it ended: the message contract (`message.py`), or something softer
    traces.py        what is remembered of it, written behind the answer
    crash_watch.py   suspends a version whose runs end the interpreter again and again
    shown.py         the answer, as a value and as JSON
    presence.py      which workers are there

Beside that way: `settings.py` (all of the operator's decisions), `store.py` (Valkey, our own if none is named),
`tokens.py` (signed return addresses). A script's fault is an outcome; what these files raise is our own.
"""
