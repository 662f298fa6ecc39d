"""What the use cases share."""

from dataclasses import dataclass, field

from commerce.catalog import Catalogue
from commerce.db.engine import Store
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
    gateway: PaymentGateway
    faults: Faults
    catalogue: Catalogue = field(default_factory=Catalogue)
