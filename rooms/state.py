"""What a room knows, and a step under way. Handlers (presence, props, votes ...) work on these."""

from dataclasses import dataclass, field

from rooms.avatars import PoseTable
from rooms.basket import Cart, Checkout, Gift, OwnCheckout, Place
from rooms.effects import Effect
from rooms.errors import RefusalError, refuse
from rooms.events import Answer, Audience, Error, Event, Outgoing
from rooms.floor import Floor
from rooms.hiding import TELLS_OF
from rooms.settings import RoomSettings
from rooms.space import Layout, Placement
from rooms.timers import Timers
from rooms.types import AvatarView, Position, PropView, StockView, TallyView

HOST = "host"
HERE = "here"
RECONNECTING = "reconnecting"


@dataclass(slots=True)
class Gaze:
    """A look under way: since when the piece not yet recorded runs, and how much was, in ms.
    `from_m`: how far off its slot was when the look began."""

    product_id: str
    since_ms: int
    recorded_ms: int = 0
    from_m: float = 0.0


@dataclass(slots=True)
class Avatar:
    """Somebody in the room. `recommend_after_ms`: earliest time of the next ranking; `blocked`: the
    people they have blocked, with their names; `muted`: person ids, in the order of muting;
    `places`: where they stand in waiting lines."""

    avatar_id: int
    person_id: str
    session_id: str
    name: str
    kind: str
    role: str
    party_id: str
    consent: tuple[str, ...]
    presence: str = HERE
    gaze: Gaze | None = None
    recommend_after_ms: int = 0
    blocked: dict[str, str] = field(default_factory=dict)
    muted: dict[str, None] = field(default_factory=dict)
    personal_space_m: float = 0.0
    places: tuple[Place, ...] = ()

    def view(self) -> AvatarView:
        return AvatarView(
            self.avatar_id, self.name, self.kind, self.role, self.party_id, self.presence
        )

    def has_block_with(self, other: "Avatar") -> bool:
        """Whether one of the two has blocked the other."""
        return other.person_id in self.blocked or self.person_id in other.blocked

    def asker(self, request_id: int) -> tuple[int, int, str, str]:
        """The first fields of every effect that is asked for this avatar."""
        return (self.avatar_id, request_id, self.person_id, self.party_id)


@dataclass(slots=True)
class Handling:
    """What somebody does with a prop in their hand, as far as they allow it to be known.

    `turns`: how often another side of it was shown since `since_ms`; `rotation`: that of the hand
    at the last of them, packed, -1: not seen yet. `at_head_ms`: since when it is held to the head,
    0: it is not. `tried_on`: it was, for long enough.
    """

    since_ms: int
    turns: int = 0
    rotation: int = -1
    at_head_ms: int = 0
    tried_on: bool = False


@dataclass(slots=True)
class Prop:
    """A product object. `owner_avatar_id` 0: on its slot. `epoch` grows with each new owner.
    `handling`: None when it is in no hand, or nothing may be known of it."""

    prop_id: int
    product_id: str
    slot_id: int
    position: Position
    owner_avatar_id: int = 0
    hand: str = ""
    epoch: int = 0
    handling: Handling | None = None

    def view(self) -> PropView:
        return PropView(
            self.prop_id, self.product_id, self.slot_id, self.owner_avatar_id, self.hand, self.epoch
        )


@dataclass(slots=True)
class Offer:
    """A prop held out by its owner until `expires_ms`."""

    offer_id: int
    prop_id: int
    from_avatar_id: int
    to_avatar_id: int
    expires_ms: int


@dataclass(slots=True)
class Party:
    """A party as far as it is in this room; forgotten with its last member.

    `locked_lines` are (product id, person id of the owner) of the checkout `locked_checkout_id`: an
    order is told after the cart was emptied, and who bought what must still be known then. Of
    orders the last one is kept, because news may come twice. `checkout` is what everybody may see,
    `own` what some see instead.
    """

    party_id: str
    code: str = ""
    members: list[int] = field(default_factory=list)
    cart: Cart | None = None
    checkout: Checkout | None = None
    locked_checkout_id: str = ""
    locked_lines: tuple[tuple[str, str], ...] = ()
    confirmed_order_id: str = ""
    votes: dict[str, dict[int, int]] = field(default_factory=dict)
    recommend_after_ms: int = 0
    own: tuple[OwnCheckout, ...] = ()
    gifts: tuple[Gift, ...] = ()

    def tally(self, product_id: str) -> TallyView:
        choices = self.votes.get(product_id, {}).values()
        return TallyView(product_id, sum(c > 0 for c in choices), sum(c < 0 for c in choices))

    def tallies(self) -> tuple[TallyView, ...]:
        return tuple(self.tally(product_id) for product_id in sorted(self.votes))


@dataclass(frozen=True, slots=True)
class Pending:
    """A request that waits for an effect: what it asked, and what to record when it succeeds."""

    subject: (
        str  # "cart" | "checkout" | "gift" | "line" | "open_party" | "enter_party" | "quit_party"
    )
    signal: str = ""
    product_id: str = ""


class State:
    """All state of one room."""

    def __init__(
        self,
        room_id: str,
        layout: Layout,
        placements: tuple[Placement, ...],
        poses: PoseTable,
        settings: RoomSettings,
    ) -> None:
        self.room_id = room_id
        self.layout = layout
        self.placements = placements
        self.poses = poses
        self.settings = settings
        self.floor = Floor(layout, settings)
        self.timers = Timers()
        self.avatars: dict[int, Avatar] = {}
        self.avatar_ids: tuple[int, ...] = ()
        self.avatar_of_person: dict[str, int] = {}
        self.parties: dict[str, Party] = {}
        # Who must not hear of whom, both ways; only avatars with such an entry are in it.
        self.hidden: dict[int, set[int]] = {}
        # Radius of the bubble, metres, of those who have one.
        self.bubbles: dict[int, float] = {}
        # Grows with every change of who is here, of parties and of whom somebody is hidden from.
        self.sight_version = 0
        self.offers: dict[int, Offer] = {}
        self.next_offer_id = 1
        self.pending: dict[int, dict[int, Pending]] = {}
        self.stock: dict[str, StockView] = {}
        self.spotlight_product_id = ""
        self.spotlight_by_avatar_id = 0
        # Who has news to be ranked for, in order; empty between steps.
        self.avatars_with_news: dict[int, None] = {}
        self.parties_with_news: dict[str, None] = {}
        positions = {slot.slot_id: slot.position for slot in layout.slots}
        self.props = {
            number: Prop(number, p.product_id, p.slot_id, positions[p.slot_id])
            for number, p in enumerate(placements, start=1)
        }
        self.slot_of_product: dict[str, int] = {}
        self.product_of_sku: dict[str, str] = {}
        for placement in placements:
            self.slot_of_product.setdefault(placement.product_id, placement.slot_id)
            for sku in placement.skus:
                self.product_of_sku[sku] = placement.product_id

    def add(self, avatar: Avatar) -> None:
        """Count an avatar in."""
        self.avatars[avatar.avatar_id] = avatar
        self.avatar_of_person[avatar.person_id] = avatar.avatar_id
        self.avatar_ids = tuple(sorted(self.avatars))
        self.set_bubble(avatar, avatar.personal_space_m)
        self.sight_version += 1

    def discard(self, avatar: Avatar) -> None:
        """Count an avatar out. From whom it was hidden is still known, until `unhide`."""
        del self.avatars[avatar.avatar_id]
        del self.avatar_of_person[avatar.person_id]
        self.avatar_ids = tuple(sorted(self.avatars))
        self.bubbles.pop(avatar.avatar_id, None)
        self.sight_version += 1

    # --- who may hear of whom -------------------------------------------------------------------

    def is_hidden(self, avatar_id: int, other_id: int) -> bool:
        """Whether these two must not hear of each other."""
        return other_id in self.hidden.get(avatar_id, ())

    def hide(self, avatar_id: int, other_id: int) -> None:
        """From now on these two do not hear of each other."""
        self.hidden.setdefault(avatar_id, set()).add(other_id)
        self.hidden.setdefault(other_id, set()).add(avatar_id)
        self.sight_version += 1

    def show(self, avatar_id: int, other_id: int) -> None:
        """They do again."""
        for one, two in ((avatar_id, other_id), (other_id, avatar_id)):
            self.hidden[one].discard(two)
            if not self.hidden[one]:
                del self.hidden[one]
        self.sight_version += 1

    def unhide(self, avatar_id: int) -> None:
        """Forget whom an avatar was hidden from."""
        for other_id in tuple(self.hidden.get(avatar_id, ())):
            self.show(avatar_id, other_id)

    def set_bubble(self, avatar: Avatar, radius_m: float) -> None:
        """Give an avatar a bubble, or (0) none."""
        avatar.personal_space_m = radius_m
        self.bubbles.pop(avatar.avatar_id, None)
        if radius_m > 0:
            self.bubbles[avatar.avatar_id] = radius_m

    # --- who hears --------------------------------------------------------------------------------

    def audience(self, audience: Audience) -> tuple[int, ...]:
        """Who hears an event now, in ascending order, if it tells of nobody."""
        if audience.avatar_id:
            return (audience.avatar_id,)
        ids = self.avatar_ids
        if audience.party_id:
            party = self.parties.get(audience.party_id)
            ids = tuple(party.members) if party is not None else ()
        left_out = audience.except_avatar_id
        return tuple(i for i in ids if i != left_out) if left_out else ids

    def party_of(self, avatar: Avatar) -> Party:
        return self.parties[avatar.party_id]

    def check_product(self, product_id: str) -> None:
        """Refuse a product that is not in this room (PRODUCT_NOT_HERE)."""
        if product_id not in self.slot_of_product:
            raise refuse("PRODUCT_NOT_HERE", product_id=product_id[:64])

    def person(self, person_id: str) -> Avatar | None:
        """The avatar of a person, if they are in this room."""
        avatar_id = self.avatar_of_person.get(person_id)
        return None if avatar_id is None else self.avatars[avatar_id]


class Turn:
    """A step under way: the state, the time, and what has come of it so far."""

    def __init__(self, state: State, now_ms: int) -> None:
        self.state = state
        self.now_ms = now_ms
        self.events: list[Outgoing] = []
        self.effects: list[Effect] = []
        # Avatars that have left.
        self.gone: list[int] = []

    # --- events ---------------------------------------------------------------------------------

    def tell_all(self, event: Event, *, but: int = 0) -> None:
        """Everybody, but one avatar (0: nobody is left out)."""
        self._tell(Audience(except_avatar_id=but), event)

    def tell_party(self, party_id: str, event: Event) -> None:
        self._tell(Audience(party_id=party_id), event)

    def tell(self, avatar_id: int, event: Event) -> None:
        self._tell(Audience(avatar_id=avatar_id), event)

    def _tell(self, audience: Audience, event: Event) -> None:
        ids = self.state.audience(audience)
        if self.state.hidden and type(event) in TELLS_OF:
            about, instead_of = TELLS_OF[type(event)]
            hidden = self.state.hidden.get(about(event), ())
            kept_from = tuple(i for i in ids if i in hidden)
            instead = instead_of(event) if kept_from else None
            if instead is not None:
                self.events.append(Outgoing(audience, instead, kept_from))
            ids = tuple(i for i in ids if i not in hidden)
        if ids:
            self.events.append(Outgoing(audience, event, ids))

    def answer(self, avatar_id: int, request_id: int, /, **body: object) -> None:
        """The good answer; nothing when nobody waits (request 0)."""
        if request_id:
            self.tell(avatar_id, Answer(request_id, body))

    def refused(self, avatar_id: int, request_id: int, refusal: RefusalError) -> None:
        """The bad answer; under request 0 it is a warning. It names nobody who is hidden."""
        data = refusal.data
        if self.state.is_hidden(avatar_id, data.get("owner_avatar_id", 0)):
            data = {**data, "owner_avatar_id": 0}
        error = Error(request_id, refusal.code, refusal.message, data)
        self.tell(avatar_id, error)

    # --- effects --------------------------------------------------------------------------------

    def ask(self, avatar: Avatar, request_id: int, pending: Pending, effect: Effect) -> None:
        """Ask the outside for an avatar; its outcome answers the request. Refuses with BUSY."""
        waiting = self.state.pending.setdefault(avatar.avatar_id, {})
        limit = self.state.settings.requests_pending_per_avatar
        if len(waiting) >= limit or request_id in waiting:
            raise refuse("BUSY", limit=limit)
        waiting[request_id] = pending
        self.effects.append(effect)

    def take_pending(self, avatar_id: int, request_id: int) -> Pending | None:
        """What a request waited for; None when it does not wait (any more)."""
        waiting = self.state.pending.get(avatar_id, {})
        return waiting.pop(request_id, None)
