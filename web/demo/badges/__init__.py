"""The badges of the demo: how they are scanned, and the page on which they are printed."""
