"""What a submission can show, and what it would change: the page of its trial."""
