"""What all pages of the console share: the frame with its navigation, the base of forms, lists, and times."""
