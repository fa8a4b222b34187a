"""What phones bring besides scans: undone ones, and files of scans that could not be sent."""
