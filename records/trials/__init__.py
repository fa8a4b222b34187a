"""What trials of a version keep, and need: vendors' answers of runs, rehearsals, and the rows of a replay."""
