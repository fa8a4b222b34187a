"""Every reason for which a SAML message is refused, explained for the people who connect a provider.

The codes stand in the log, the console and the guides. Why one table: a test holds that the guard raises no other.
"""

from __future__ import annotations

#: code of `Rejected` -> what it means and what usually helps, in plain words.
CODES: dict[str, str] = {}
