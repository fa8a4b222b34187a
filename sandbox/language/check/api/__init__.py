"""The check knows the script API: calls, fields, results and obvious types, as far as a script's text shows them."""
