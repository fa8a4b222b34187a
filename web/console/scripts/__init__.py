"""The console for authors and reviewers: versions, the draft, submissions, reviews and deployments of a script.

views_base.py        the blueprint, reading the implementation, changes with their notice
version_states.py    what became of each version, and whom a deployment touches
versions.py          the list of versions, one version, the comparison of two
source/              how the text of a script is drawn: lines, differences, deceptive characters
"""
