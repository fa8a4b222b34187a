"""The roster: the attendees that the organizer knows, who may have no account yet, from a file with their badge IDs.

It completes the names of badges that show an ID only, and lets people at the door search. The path of a file: `records.agenda`
(its tables) -> `roster_file` -> `roster_imports`. What is known of a person is read by `roster_search`.
"""
