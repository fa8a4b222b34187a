"""The migrations of the schema, oldest first in `versions`; `records.storage.schema` applies them."""
