"""Webhooks: other systems are told of scans and corrections, as the Standard Webhooks specification says.

`webhook` has the address of an implementation and its secrets, `webhook_events` what is told, `webhook_outbox` what waits, what
was sent, and when something is given up. Sending is `runner.background.webhook_delivery`.
"""
