"""The app's login: it begins in a browser, ends with a one-time code at the app's address, and goes on with tokens.

`docs/app-integration.md` is the contract for the app's developers; these files keep it:

    starts.py   what an app asks when it begins a login, and where the login ends
    grants.py   from a request at the token endpoint to tokens
    oauth.py    answers and refusals in the words of OAuth 2 (RFC 6749)
    limits.py   how often the token endpoint may be asked
    pages.py    what opens in a browser
    calls.py    what the app itself asks
"""
