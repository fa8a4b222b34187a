"""What all login methods share: admission, the states of started logins, rate limits, test logins, and the page for a refused login."""
