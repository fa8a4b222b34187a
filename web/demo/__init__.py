"""The demo: a sample event, the app's pages around the widget, and a vendor to claim credit and register at.

For development only. It runs in a process of its own and speaks real HTTP, so that nothing in the product knows it.
"""
