"""The words of traces in plain English, for those who read a list of runs for the first time."""

from __future__ import annotations

from typing import Final

#: What was shown of a run, how it ended, and why it was started. Each stands in the glossary, too.
RUN_WORDS: Final = (
    ("fresh", "the run's own message is shown"),
    ("last good", "the run failed, and the newest message of a run that returned is shown with its age"),
    (
        "fallback",
        "the run failed, there is no last good message that is young enough, and the text from the settings is shown",
    ),
    ("hidden", "nothing is shown: the script said so, or the run failed and there was nothing else to show"),
    ("returned", "the script ended and said what to show"),
    ("raised", "the script ended with an error of its own; the text says which, and in which line"),
    ("timed out", "the run took longer than it may"),
    ("out of memory", "the script needed more memory than it may"),
    ("too much output", "the script said or read more than it may"),
    (
        "call failed",
        "a vendor did not answer, or not with what the script asked for, and the script did not deal with that",
    ),
    ("call refused", "the script asked for a call that its connection does not allow"),
    ("refused", "the script may not run, or showed what may not be shown"),
    ("crashed", "the run ended without an answer: a fault of the interpreter or of the service"),
    (
        "service away",
        "the run could not be made: the database or the store did not answer, which is no fault of the script",
    ),
    ("first look", "somebody looked, and no answer was kept"),
    ("refresh", "somebody looked, and the kept answer was no longer fresh"),
    ("return", "the user came back from the message's link"),
    ("re-check", "after a return, the answer was still the old one, so it was asked for again: up to three times"),
    ("status get", "staff asked on the command line"),
)
