"""Outdating: after a change of what only some users' statuses depend on, these are found anew, at whatever sessions.

`user_sessions` remembers at which sessions a user has a fresh status, `status_outdating` moves the generations.
"""
