"""The web server process: granian, and how it passes complete requests to the application."""
