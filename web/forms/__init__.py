"""Forms: the one base, its fields, and `templates/forms.html`, which draws them. Every form of the console is built of these."""
