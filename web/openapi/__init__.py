"""The OpenAPI document of the app's endpoints, made from the code and checked by a test."""
