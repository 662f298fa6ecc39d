"""What the use cases share."""

from dataclasses import dataclass, field

from commerce.catalog import Catalogue
from commerce.db.engine import Store
from commerce.payments.providers import Providers
from commerce.payments.settings import PaymentSettings
from commerce.ports import Clock, NewId, PaymentGateway
from commerce.service.faults import Faults
from commerce.settings import CommerceSettings


@dataclass(slots=True)
class Context:
    """Built when the shop is opened. Only a seeding changes it: it puts a new catalogue in."""

    settings: CommerceSettings
    clock: Clock
    new_id: NewId
    store: Store
    providers: Providers
    faults: Faults
    payment: PaymentSettings = field(default_factory=PaymentSettings)
    catalogue: Catalogue = field(default_factory=Catalogue)

    def gateway_of(self, provider: str) -> PaymentGateway:
        """The provider of an attempt. Raises GatewayUnavailableError when it is not set up."""
        return self.providers.of(provider)
