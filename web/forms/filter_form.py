"""Forms that filter a list by the query of its address, so that a filtered list can be linked, bookmarked and shared."""

from __future__ import annotations

from typing import Any, Self

from flask import request

from .base_form import BaseForm
from .fields import LineField

#: Characters of the longest text to filter by; the rest is ignored.
LONGEST = 255


class FilterField(LineField):
    """A text to filter by."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take the text of the address, without the spaces around it."""
        self.data = valuelist[0].strip()[:LONGEST] if valuelist else ""


class FilterForm(BaseForm):
    """A form that is sent by GET. It changes nothing, so it needs no token and no `as_of`."""

    class Meta:
        """Settings of WTForms."""

        csrf = False

    as_of = None

    @classmethod
    def of_request(cls) -> Self:
        """Read the form from the query of the address."""
        return cls(formdata=request.args)
