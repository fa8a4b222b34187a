"""Trying a version on what was recorded: the inputs of earlier runs, and the vendors' answers that were kept with them."""
