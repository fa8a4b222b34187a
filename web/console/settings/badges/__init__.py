"""The pages on which the badge format of an event is set up: examples, what they contain, and what is confirmed."""
