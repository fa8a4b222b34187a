"""The page of the webhook: which other system is told of scans, and what became of each message."""
