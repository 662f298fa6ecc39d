"""Where a peer really is when proxies stand before the server."""

from collections.abc import Sequence
from typing import Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

FORWARDED_FOR = "X-Forwarded-For"


class TrustedProxies:
    """Believes what these proxies say about whom they forward, by the rules that hold for HTTP
    requests on the same port. Without proxies nobody is believed."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._trusted = ProxyHeadersMiddleware(_nothing, list(addresses)).trusted_hosts

    def client_of(self, peer: str, forwarded_for: Sequence[str]) -> str:
        """The address of the client; `forwarded_for` are the X-Forwarded-For headers, in order."""
        if not forwarded_for or peer not in self._trusted:
            return peer
        address, _port = self._trusted.get_trusted_client_address(", ".join(forwarded_for))
        return address or peer


async def _nothing(_scope: Any, _receive: Any, _send: Any) -> None:
    """Only the rules of the middleware are wanted, not what it wraps."""
