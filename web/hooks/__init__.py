"""Hooks: what vendors tell this service, signed as the Standard Webhooks specification says.

`signed_calls` decides whether a call is accepted, `bodies` reads what all bodies have in common, `fact_batches` a push of facts and
`status_changes` a change of statuses, `views` are the endpoints.
"""
