"""The test pane: a script is run once with an input and answers that a person chose, and drawn as the phone shows it."""
