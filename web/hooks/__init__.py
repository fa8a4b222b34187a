"""Hooks: what vendors tell this service, signed as the Standard Webhooks specification says.

`signed_calls` decides whether a call is accepted, `fact_batches` reads the body of a push of facts, `views` are the endpoints.
"""
