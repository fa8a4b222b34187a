"""The rules of a check: their ids and words for authors, and the findings that name them at a line and column."""
