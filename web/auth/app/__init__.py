"""The app's login: it begins in a browser, ends with a one-time code at the app's address, and goes on with tokens.

`docs/app-integration.md` is the contract for the app's developers; these files keep it:

    login_starts.py     what an app asks when it begins a login, and where the login ends
    token_grants.py     from a request at the token endpoint to tokens
    oauth_responses.py  answers and refusals in the words of OAuth 2 (RFC 6749)
    rate_limits.py      how often the token endpoint may be asked
    login_pages.py      what opens in a browser
    token_endpoints.py  what the app itself asks
"""
