"""The words of traces in plain English, for people who read a list of runs for the first time."""

from __future__ import annotations

from typing import Final

#: What was shown after a run, how it ended, and why it was started. The glossary has the same sentences.
RUN_WORDS: Final = (
    ("fresh", "the run's own message is shown"),
    ("last good", "the run failed, and the newest message of a run that returned is shown with its age"),
    (
        "fallback",
        "the run failed, there is no last good message that is young enough, and the text from the settings is shown",
    ),
    (
        "active version",
        "the run of the staged version failed, and the active version was run instead; that run has its own row",
    ),
    (
        "taken back",
        "the message was shown for a moment, until the script's process did what no script does after its answer",
    ),
    ("hidden", "nothing is shown: the script said so, or the run failed and there was nothing else to show"),
    ("returned", "the script ended and said what to show"),
    ("raised", "the script ended with an error; the text says which, and in which line"),
    ("timed out", "the run took longer than allowed"),
    ("out of memory", "the script needed more memory than allowed"),
    ("too much output", "the script returned or read more than allowed"),
    (
        "call failed",
        "a vendor did not answer, or not with what the script asked for, and the script did not handle that",
    ),
    ("call refused", "the script asked for a call that its connection does not allow"),
    ("refused", "the script may not run, or its message may not be shown"),
    ("crashed", "the run ended without an answer, because of a fault of the interpreter or of the service"),
    (
        "service away",
        "the run could not be made, because the database or the store did not answer; the script is not at fault",
    ),
    ("first look", "the status was asked for, and no answer was cached"),
    ("refresh", "the status was asked for, and the cached answer was no longer fresh, or soon would not be"),
    ("prefetch", "the session was about to end, and its people were expected to ask; none of them had yet"),
    ("return", "the user came back from the message's link"),
    ("re-check", "after a return, the answer was still the old one, so the script ran again, up to three times"),
    ("staged failed", "the staged version failed for this request, so the active version was run"),
    ("status get", "staff asked for the status on the command line"),
)
