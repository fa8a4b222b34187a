"""Changes of attendance: badge formats, devices that scan, corrections and reports of scans."""
