"""The console for authors and reviewers: versions, the draft, submissions, reviews and deployments of a script.

views_base.py        the blueprint, reading the implementation, drawing the page
versions.py          the list of versions, one version, the comparison of two
version_states.py    what became of each version, and whom a deployment touches
editor.py            writing a script: draft_form.py, script_check.py
submissions.py       one submission: submission_page.py draws it; review_forms.py, requirements.py
review_queue.py      what waits for a decision, with risk_marks.py
trials/              what a submission can show and would change; rehearsals/: what everybody would be shown at the event
source/              how the text of a script is drawn: lines, differences, deceptive characters
"""
