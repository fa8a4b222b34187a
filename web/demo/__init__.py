"""The demo: a sample event, the app's pages around the widget, and vendors' sites to claim credit and register at.

For development only. It runs in a process of its own and uses real HTTP, so nothing in the product depends on it.
"""
