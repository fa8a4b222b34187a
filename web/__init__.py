"""HTTP and the command line: parse, call one rule, render.

Nothing else imports this room. `web.app.create_app` is the one place where the application is put together.
"""
