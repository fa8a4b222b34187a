"""Attendance: what is read from images of badges."""
