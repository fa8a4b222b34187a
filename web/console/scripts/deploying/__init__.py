"""Changing what users see of a script: what can be done, whom each thing touches, and the pages that ask before it."""
