"""HTTP and the command line: parse, call one rule, render.

No other room imports this one. `web.app.create_app` puts the application together.
"""
