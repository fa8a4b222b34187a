"""The OpenAPI document: what the app's endpoints take and give, made from the code and kept true by a test."""
