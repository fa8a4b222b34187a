"""The built-in names and the parts of the standard library that scripts are offered."""
