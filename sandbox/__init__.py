"""Front page, to be written."""
