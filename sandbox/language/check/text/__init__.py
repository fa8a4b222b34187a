"""Checks of a script's text itself, which need no syntax tree or look behind the one that Python makes."""
