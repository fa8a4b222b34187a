"""The RQ queues: which jobs may be queued, which functions they may name, and whose turn it is."""
