"""The agenda: from the organizer's file to the sessions that are served, with a preview before and an undo after.

`agenda_imports` has the rule for every edge: `plan` says what a file would do, `import_file` does it with its audit entry,
and `undo` undoes the last import. The path of a file: `csv_file` or `workbook` -> `agenda_file` -> `rules` -> `import_plan`
-> `agenda_imports`.
"""
