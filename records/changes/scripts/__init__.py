"""Changes in a script's life: submitting, reviewing, deploying, and author tokens."""
