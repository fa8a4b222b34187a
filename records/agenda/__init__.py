"""The agenda: from the organizer's file to the sessions that are served, with a preview before and an undo after.

`imports` is the rule for every edge: `plan` says what a file would do, `import_file` does it with its audit entry, and
`undo` takes the last import back. The way of a file: `text_table` or `workbook` -> `agenda_file` -> `rules` -> `imports`.
"""
