"""Settings of an implementation in the console: everything that a conference needs before it can begin, without us.

One blueprint (`pages.blueprint`), one folder for each group of pages. A view reads what was typed, calls one rule of the
records and says what happened; what a value may be is never decided here.
"""
