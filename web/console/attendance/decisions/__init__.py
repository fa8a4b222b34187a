"""Working through what only a person can decide about attendance, and correcting scans.

to_decide.py    what is open: what people dispute, conflicts, impossible orders
question.py     one conflict or impossible order, with what each answer does
dispute.py      one dispute, and its answer
scans.py        scans of a session or a badge; voiding and adding them
logs.py         refused scans, and the corrections that were made
"""
