"""Reports of attendance: their rows, their files, and whether a file is what the ledger gives.

report_terms.py      what a report is about: kinds and columns
report_basis.py      what is frozen with it: the agenda and the rules of its time
session_figures.py   repeats, minutes and who attended, one session at a time
scan_report.py       the rows of one kind each; session_report.py, report_rows.py
made_reports.py      reports that were made; making one, and making it again
report_files.py      files in each format
report_check.py      whether a file is a report that was made, and what the ledger gives now
"""
