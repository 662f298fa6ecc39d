"""Which provider takes which way to pay: by the prefix of the payment method, up to the colon."""

from collections.abc import Mapping

from commerce.codes import normal
from commerce.ports import GatewayUnavailableError, PaymentGateway


def instrument_of(payment_method: str) -> str | None:
    """What is paid with, the same whoever pays and however they write it: a card, a gift card. None
    where it is nobody else's (store credit) or chosen elsewhere (a page, a wallet)."""
    name, _, rest = payment_method.partition(":")
    if name == "gift":
        return f"{name}:{normal(rest)}"
    token = rest.rpartition(":")[2]
    if name == "test" or (name == "stripe" and token.startswith("pm_")):
        return f"{name}:{token}"
    return None


class Providers:
    """The payment providers of a shop, by the prefix of their methods."""

    def __init__(self, by_prefix: Mapping[str, PaymentGateway]) -> None:
        self._by_prefix = dict(by_prefix)

    def name_of(self, payment_method: object) -> str | None:
        """The provider that takes this method; None when nobody does."""
        if not isinstance(payment_method, str):
            return None
        name = payment_method.partition(":")[0]
        gateway = self._by_prefix.get(name)
        return name if gateway is not None and gateway.accepts(payment_method) else None

    def of(self, name: str) -> PaymentGateway:
        """A provider by its name. One that is not set up any more does not answer."""
        gateway = self._by_prefix.get(name)
        if gateway is None:
            raise GatewayUnavailableError(f"the provider {name} is not set up")
        return gateway

    def all(self) -> list[PaymentGateway]:
        """Every provider once."""
        return list(dict.fromkeys(self._by_prefix.values()))

    async def close(self) -> None:
        """Let go of their files and connections."""
        for gateway in self.all():
            await gateway.close()
