"""The values that a script can hold, and their text, which never shows an address."""
