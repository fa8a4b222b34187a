"""The web server process: granian, and how it hands complete requests to the application."""
