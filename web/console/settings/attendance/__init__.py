"""The page for the settings of scanning and attendance."""
