"""How many requests one network address may make: a token bucket each, in a bounded table."""

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache

from server.clock import Clock

UNKNOWN_ADDRESS = "unknown"

NETWORKS_KEPT = 4_096
"""Addresses whose network is known without looking at them again; the oldest is forgotten."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    refilled_ms: int


class AddressLimiter:
    """Token buckets by address.

    A bucket holds at most `burst` requests and gains `requests_per_second`. At most `addresses_max`
    addresses are watched; then the one seen longest ago is forgotten, which gives it a full bucket
    again: an attacker with that many addresses is a matter for the network before us.
    """

    def __init__(
        self, requests_per_second: float, burst: int, addresses_max: int, clock: Clock
    ) -> None:
        self._tokens_per_ms = requests_per_second / 1_000
        self._burst = float(burst)
        self._addresses_max = addresses_max
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def wait_ms(self, address: str) -> int:
        """Take one request: 0 when it may go on, else the ms until one may."""
        now = self._clock()
        bucket = self._buckets.get(address)
        if bucket is None:
            if len(self._buckets) >= self._addresses_max:
                self._buckets.popitem(last=False)
            bucket = self._buckets[address] = _Bucket(self._burst, now)
        else:
            self._buckets.move_to_end(address)
            gained = (now - bucket.refilled_ms) * self._tokens_per_ms
            bucket.tokens = min(self._burst, bucket.tokens + gained)
            bucket.refilled_ms = now
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return 0
        return max(1, round((1 - bucket.tokens) / self._tokens_per_ms))


@lru_cache(maxsize=NETWORKS_KEPT)
def network_of(host: str | None) -> str:
    """What counts as one address: an IPv4 address, or an IPv6 network of /64.

    A household or a rented machine has a whole /64, so single IPv6 addresses limit nobody.
    """
    if not host:
        return UNKNOWN_ADDRESS
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return UNKNOWN_ADDRESS
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.IPv6Network((int(address) >> 64 << 64, 64)))
    return str(address)
