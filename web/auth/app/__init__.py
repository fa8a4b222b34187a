"""The app's login: it starts in a browser, ends with a one-time code at the app's address, and continues with tokens.

`docs/app-integration.md` is the contract for the app's developers; these modules implement it:

    login_starts.py     the start of a login, and its end at the app's address
    token_grants.py     from a request at the token endpoint to tokens
    oauth_responses.py  responses and errors in the format of OAuth 2 (RFC 6749)
    rate_limits.py      how often logins may be started and tokens requested
    login_pages.py      the pages in a browser
    token_endpoints.py  the endpoints that the app itself calls
"""
