"""The vendor's site of browser tests: a page which says that one is there."""


def vendor(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")])
    return [b"<!doctype html><html lang=en><title>Vendor</title><h1>Claim here</h1>"]
