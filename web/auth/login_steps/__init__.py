"""What all ways in share: admission, the states of begun logins, rate limits, test logins, and the page for a refused login."""
