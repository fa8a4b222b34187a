"""What trials of a version on earlier runs need: the vendors' answers that were kept with the runs."""
