"""Why a user sees what they see, in words for staff."""
