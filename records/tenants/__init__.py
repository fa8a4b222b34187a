"""The implementations, what each is set up with, and the vendor systems that it may call."""
