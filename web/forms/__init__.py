"""Forms: the one base class, its fields, filters of lists, and `templates/forms.html`, which draws them."""
