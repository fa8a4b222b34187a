"""Commands of attendance: badge formats, devices, scans and their corrections, reports."""
