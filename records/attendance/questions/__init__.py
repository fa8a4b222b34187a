"""What only a person can decide about attendance: questions that the scans raise, and what people dispute."""
