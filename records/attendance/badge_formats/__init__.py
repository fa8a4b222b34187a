"""Badge formats: what the code of a badge contains, and which part of it is the badge ID, the last name and the first name."""
