"""JSON schemas of the authors' endpoints. A test validates real responses against them."""

from __future__ import annotations

from typing import Any

from records.scripts import author_tokens, submissions
from records.scripts.states import DECISIONS, SUBMISSION
from records.scripts.versions import LARGEST_SOURCE
from records.tenants import script_bounds
from runner.explanations.status_explanation import OUTCOMES

from .schema_forms import listed, or_null, ref, schema_object, some_members

_TEXT = {"type": "string"}
_MOMENT = {"type": "string", "format": "date-time"}
_NUMBER = {"type": "integer", "minimum": 1}
_HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$"}

FINDING = schema_object(
    {
        "rule": _TEXT,
        "line": _NUMBER,
        "column": _NUMBER,
        "what": {"type": "string", "description": "What is wrong."},
        "why": _TEXT,
        "instead": {"type": "string", "description": "What to write instead."},
        "severity": {"enum": ["error", "warning", "note"]},
    },
    "One thing that the check says about a place in the script; line and column count from 1.",
)

FAULT = schema_object({"field": _TEXT, "reason": _TEXT}, "What is wrong with one value.")

VERSION = schema_object(
    {
        "version": _NUMBER,
        "sha256": _HASH,
        "state": {
            "type": "string",
            "description": "suspended, active, staged with its share, or what its reviews came to: approved, submitted, "
            "changes requested, rejected, withdrawn, superseded, never submitted.",
        },
        "api_level": _NUMBER,
        "stored_at": _MOMENT,
        "stored_by": {"type": "string", "description": "The key of the person, the author token, or the command."},
        "stored_by_name": or_null({**_TEXT, "description": "The name of the person; null if it is not known."}),
    },
    "One text of the script, which never changes.",
)
WHOLE_VERSION = schema_object(
    {**VERSION["properties"], "source": _TEXT, "findings": listed(ref("Finding"))}, "A version with its text."
)

SUBMISSION_ROW = schema_object(
    {
        "number": _NUMBER,
        "version": _NUMBER,
        "sha256": _HASH,
        "state": {"enum": sorted(SUBMISSION.moves)},
        "submitted_at": _MOMENT,
        "submitted_by": {"type": "string", "description": "The person, or the author token."},
        "author": {"type": "string", "description": "The person who answers for it."},
        "decided_at": or_null(_MOMENT),
    },
    "A version that was handed in for review.",
)

REVIEW = schema_object(
    {
        "decision": {"enum": [*DECISIONS]},
        "reviewer": {"type": "string", "description": "The key of the person."},
        "reviewer_name": or_null({**_TEXT, "description": "The name of the person; null if it is not known."}),
        "note": _TEXT,
        "at": _MOMENT,
    },
    "The decision of a reviewer.",
)

COMMENT = schema_object(
    {
        "line": or_null({**_NUMBER, "description": "null: the submission as a whole."}),
        "text": _TEXT,
        "by": _TEXT,
        "at": _MOMENT,
        "resolved": {"type": "boolean"},
    },
    "A comment that is meant for the author.",
)

WHOLE_SUBMISSION = schema_object(
    {
        **SUBMISSION_ROW["properties"],
        "note": _TEXT,
        "scenarios": {"type": "integer", "minimum": 0, "description": "How many cases were handed in with it."},
        "findings": listed(ref("Finding")),
        "review": or_null(ref("Review")),
        "comments": listed(ref("ReviewComment")),
    },
    "A submission with its review.",
)
WHOLE_SUBMISSION["properties"]["superseded"] = or_null(
    {**_NUMBER, "description": "Only when it is handed in: the undecided submission that it superseded."}
)

SCENARIO = schema_object(
    {
        "name": _TEXT,
        "input": {"type": "object"},
        "answers": {"type": "array"},
        "expected": {"type": "object"},
    },
    "A case: INPUT, recorded ANSWERS, and what is expected (docs/authors.md).",
)

HAND_IN = some_members(
    {
        "source": {"type": "string", "description": f"The text of the script, at most {LARGEST_SOURCE} bytes."},
        "note": {"type": "string", "maxLength": submissions.LONGEST_NOTE, "description": "For the reviewer."},
        "scenarios": {**listed(ref("Scenario")), "maxItems": script_bounds.MOST_SCENARIOS},
    },
    ("source",),
    "A script to be reviewed.",
)

DIFF = schema_object(
    {
        "from": _NUMBER,
        "to": _NUMBER,
        "same": {"type": "boolean"},
        "diff": {"type": "string", "description": "Unified; empty for equal texts."},
    },
    "The difference between two versions.",
)

AUTHOR_TOKEN = schema_object(
    {
        "implementation": _TEXT,
        "name": _TEXT,
        "person": {"type": "string", "description": "Who answers for what the token does."},
        "allows": listed({"enum": sorted(each.name for each in author_tokens.PERMISSIONS)}),
        "ends_at": _MOMENT,
    },
    "An author token, without its text.",
)

RUN = some_members(
    {
        "id": _TEXT,
        "reference": {"type": "string", "description": "What people read out."},
        "started_at": _MOMENT,
        "user": _TEXT,
        "user_name": or_null(_TEXT),
        "session": _TEXT,
        "session_title": or_null(_TEXT),
        "version": {"type": "string", "description": "The SHA-256 of the version."},
        "outcome": {"enum": [*OUTCOMES]},
        "shown_as": _TEXT,
        "message": or_null({"type": "object"}),
        "calls": listed({"type": "object"}),
        "log": listed(_TEXT),
        "warnings": listed(_TEXT),
        "error": or_null({"type": "object"}),
    },
    (
        "id",
        "reference",
        "started_at",
        "user",
        "session",
        "version",
        "outcome",
        "shown_as",
        "message",
        "calls",
        "log",
        "error",
    ),
    "One run with its trace, redacted.",
)

RUNS = schema_object(
    {"time_zone": {"type": "string", "description": "That of the conference."}, "runs": listed(ref("Run"))},
    "Runs, the newest first.",
)

AUTHOR_SCHEMAS: dict[str, Any] = {
    "Finding": FINDING,
    "Fault": FAULT,
    "Version": VERSION,
    "WholeVersion": WHOLE_VERSION,
    "Versions": schema_object({"versions": listed(ref("Version"))}, "Versions, the newest first."),
    "VersionDiff": DIFF,
    "Submission": SUBMISSION_ROW,
    "Submissions": schema_object({"submissions": listed(ref("Submission"))}, "Submissions, the newest first."),
    "WholeSubmission": WHOLE_SUBMISSION,
    "Review": REVIEW,
    "ReviewComment": COMMENT,
    "Scenario": SCENARIO,
    "HandIn": HAND_IN,
    "AuthorToken": AUTHOR_TOKEN,
    "Run": RUN,
    "Runs": RUNS,
}
