"""Figures for pages and reports: counts of the event, who was scanned, points of curves, sizes of rooms. None is stored."""
