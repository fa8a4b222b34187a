"""The values that a script can hold, and their texts, which never show an address."""
