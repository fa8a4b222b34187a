"""The migrations of the schema, oldest first in `versions`; `records.schema` applies them."""
