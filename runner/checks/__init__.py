"""Checks of scripts, ordered by a web server and made by a background worker, which answers over the store while the request waits."""
