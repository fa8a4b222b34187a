"""hashlib and hmac for scripts: digests by name or by function, nothing that takes any callable or wastes time.

Python's `hmac.new` accepts any callable as its digest; here it accepts the offered digests. Key stretching is withheld.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable
from types import MappingProxyType
from typing import Any

_NAMES = ("blake2b", "blake2s", "md5", "sha1", "sha224", "sha256", "sha384", "sha3_256", "sha3_512", "sha512")


def _constructor(name: str) -> Callable[..., Any]:
    def digest(data: bytes = b"", *, usedforsecurity: bool = True) -> Any:
        return hashlib.new(name, _as_bytes(data), usedforsecurity=usedforsecurity)

    return digest


def _as_bytes(data: object) -> bytes:
    """The data, which must be bytes: `bytes` of a number would be that many zeros, and the digest would look right."""
    if type(data) is not bytes:
        raise TypeError(f"a digest needs bytes, not a value of type {type(data).__name__}; write text.encode()")
    return data


_CONSTRUCTORS = MappingProxyType({name: _constructor(name) for name in _NAMES})
_BY_FUNCTION = MappingProxyType({id(function): name for name, function in _CONSTRUCTORS.items()})


def _digest_name(digest: object) -> str:
    name = digest.lower().replace("-", "_") if isinstance(digest, str) else _BY_FUNCTION.get(id(digest))
    name = {"sha_1": "sha1", "sha_256": "sha256", "sha_512": "sha512"}.get(name or "", name)
    if name not in _CONSTRUCTORS:
        raise ValueError(f"the digest must be one of {', '.join(_NAMES)}")
    return str(name)


def new_digest(name: str, data: bytes = b"") -> Any:
    """`hashlib.new`."""
    return _CONSTRUCTORS[_digest_name(name)](data)


def new_hmac(key: bytes, msg: bytes | None = None, digestmod: object = "") -> hmac.HMAC:
    """`hmac.new`."""
    if not digestmod:
        raise TypeError("hmac.new needs a digest; write hmac.new(key, text.encode(), hashlib.sha256)")
    return hmac.new(_as_bytes(key), None if msg is None else _as_bytes(msg), _digest_name(digestmod))


def hmac_digest(key: bytes, msg: bytes, digest: object) -> bytes:
    """`hmac.digest`."""
    return hmac.digest(_as_bytes(key), _as_bytes(msg), _digest_name(digest))


HASHLIB = MappingProxyType({**_CONSTRUCTORS, "new": new_digest})
HMAC = MappingProxyType({"compare_digest": hmac.compare_digest, "digest": hmac_digest, "new": new_hmac})


def digest_types() -> Iterable[type]:
    """The exact types of digest objects on this Python."""
    return {type(function()) for function in _CONSTRUCTORS.values()} | {hmac.HMAC}
