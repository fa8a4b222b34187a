"""The pages about attendance: who was scanned where, and the reports of it.

views_base.py      the blueprint, reading the implementation, drawing the page with the list of pages (`PAGES`)
event.py           the sessions of the event with their counts
session.py         one session: its people and charts
people.py          the people who were scanned, and one of them
reports.py         making reports, those that were made, and one of them; report_form.py
report_files.py    a report as a file, and as a page to print; report_checks.py: whether a file is a report
charts.py          charts over time; live_counts.py: pages that refresh themselves
"""
