"""The RQ worker process; to be written."""
