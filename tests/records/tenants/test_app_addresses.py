"""An app's login ends at exact addresses only, of https or of a scheme that is the app's own."""

from __future__ import annotations

from typing import Any

import pytest

from records.tenants import app_addresses


@pytest.mark.parametrize(
    "address",
    [
        "https://app.example.org/login",
        "https://App.Example.org:8443/Login/%7e",
        "https://a.example",
        "com.example.app:/login",
        "com.example.app2://login/x",
        "org.ativ.event-pilot.x1:/done",
    ],
)
def test_good_address_is_kept_as_it_was_entered(address: str):
    assert app_addresses.redirect(address) == address


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://127.0.0.1/x", "must start with https://"),
        ("http://a.example/x", "must start with https://"),
        ("javascript:alert(1)", "must start with https://"),
        ("data:text/html,x", "must start with https://"),
        ("myapp:/login", "must start with https://"),
        ("myapp://login", "must start with https://"),
        ("COM.example.app:/login", "must start with https://"),
        ("com.example.app:", "must start with https://"),
        ("com.example.app:login", "must start with https://"),
        ("com.example.app:/", "must start with https://"),
        ("com.example.app:///x", "must start with https://"),
        ("com.example.app://user@x", "must start with https://"),
        ("com.example.app:/login#x", "#"),
        ("com.example.app:/login?x=1", "?"),
        ("com.example.app:/a b", "%XX"),
        ("com.example.app:/a\r\nb", "%XX"),
        ("com.exämple.app:/login", "%XX"),
        ("https://user@a.example/x", "must not contain a user name"),
        ("https://a.example/x#y", "#"),
        ("https:///x", "must have a host"),
        ("https://*.example/x", "host name"),
        ("https://a.example\\@b.example/", "%XX"),
        (None, "must be an address"),
        ("https://a.example/" + "x" * 2048, "at most 2048"),
    ],
)
def test_address_at_which_somebody_else_could_wait_is_refused(address: Any, reason: str):
    with pytest.raises(ValueError, match=reason.replace("?", r"\?")):
        app_addresses.redirect(address)
