"""The page of devices that scan: phones that are paired by a code."""
