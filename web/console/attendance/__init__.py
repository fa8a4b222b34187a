"""The pages about attendance: who was scanned where, and the reports of it.

views_base.py    the blueprint, reading the implementation, drawing the page with the list of pages (`PAGES`)
event.py         the sessions of the event with their counts
"""
