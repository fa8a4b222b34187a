"""How a request for a status is answered: the rule, once, and the two ways in which it may wait.

claim_answers.py       from the result of a claim to the status that is shown
status_asking.py       the rule: claim, wait for the run, answer; it does not know how a request waits
thread_access.py       a request waits in its thread
loop_access.py         a request waits in the event loop, without a thread
loop_subscription.py   by which the loop hears of the ends of runs
loop_answers.py        what the event loop answers, and what it leaves to a thread
"""
