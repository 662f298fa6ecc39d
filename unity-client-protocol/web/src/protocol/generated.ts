// Generated from server/wire/messages.py by `make docs`; do not edit.

/** Somebody in the room. */
export interface AvatarView {
  /** Avatar. */
  avatar_id: number;
  /** Name that others see. */
  name: string;
  /** vr, desktop, phone, companion or bot. */
  kind: string;
  /** shopper or host. */
  role: string;
  /** Party. */
  party_id: string;
  /** here or reconnecting. */
  presence: string;
}

/** A product object: on its slot, or in somebody's hand. */
export interface PropView {
  /** Prop. */
  prop_id: number;
  /** What it is. */
  product_id: string;
  /** Where it belongs. */
  slot_id: number;
  /** Who holds it; 0: it stands on its slot. */
  owner_avatar_id: number;
  /** left, right or empty. */
  hand: string;
  /** Grows with every change of owner. */
  epoch: number;
  /** It is not on its slot: somebody has it whom you do not see. */
  away?: boolean;
}

/** Somebody you have blocked. */
export interface BlockedPerson {
  /** Whom Unblock takes. */
  person_id: string;
  /** The name they went by then. */
  name: string;
}

/** How many of a SKU can still be bought. */
export interface StockView {
  /** SKU. */
  sku: string;
  /** Product. */
  product_id: string;
  /** On hand less held. */
  available: number;
  /** Newer is larger. */
  version: number;
}

/** Votes of a party on a product. */
export interface TallyView {
  /** Product. */
  product_id: string;
  /** Yes. */
  up: number;
  /** No. */
  down: number;
}

/** A line of a shared cart. */
export interface CartLine {
  /** Line. */
  line_id: string;
  /** SKU. */
  sku: string;
  /** Product. */
  product_id: string;
  /** Name. */
  name: string;
  /** Colour, size, for people. */
  options: string;
  /** How many. */
  quantity: number;
  /** Price, minor units. */
  unit_price_minor: number;
  /** Who put it in. */
  owner_person_id: string;
  /** Their name. */
  owner_name: string;
  /** held, firm, expired, or none (held only at the till). */
  hold_state: string;
  /** When the hold ends, server time; 0: not held. */
  hold_expires_ms: number;
  /** Who gets it as a gift, or is asked whether they want it; told to giver and receiver only. */
  gift_for_person_id?: string;
  /** It is a gift for you: the price is not told, and not in the total. */
  price_hidden?: boolean;
}

/** A party's shared cart. */
export interface Cart {
  /** Cart. */
  cart_id: string;
  /** Newer is larger. */
  version: number;
  /** ISO 4217. */
  currency: string;
  /** Sum of the lines. */
  total_minor: number;
  /** Lines. */
  lines: CartLine[];
  /** Open checkout, or empty. */
  checkout_id: string;
}

/** A party's checkout. */
export interface Checkout {
  /** Checkout. */
  checkout_id: string;
  /** Newer is larger. */
  version: number;
  /** locked, paying, paid or released. */
  state: string;
  /** Who locked it. */
  locked_by_person_id: string;
  /** Name. */
  locked_by_name: string;
  /** To be paid, minor units. */
  total_minor: number;
  /** ISO 4217. */
  currency: string;
  /** When the lock ends, server time. */
  expires_ms: number;
  /** Who pays, or empty. */
  payer_person_id: string;
  /** Open payment challenge, or empty. */
  challenge_id: string;
  /** What the payer shall do. */
  challenge_text: string;
  /** The gateway has not answered; it will be settled. */
  in_doubt: boolean;
  /** Why the last try failed, or empty. */
  failure_code: string;
  /** The same for people. */
  failure_message: string;
  /** Order, when paid. */
  order_id: string;
  /** Whose bank asks, or empty. */
  challenge_person_id?: string;
  /** Whose part failed; empty: nobody's, or the time ran out. */
  failure_person_id?: string;
  /** Their name. */
  failure_name?: string;
  /** Why it was released: unlocked, expired or payment_failed. */
  released_reason?: string;
  /** What you pay in all, shares you cover included: what Pay expects. */
  part_minor?: number;
  /** What is left of it. */
  due_minor?: number;
  /** Who pays which part; empty: one pays all. */
  shares?: Share[];
}

/** The part of one person. All parts are promised before any is taken; when one fails, all are given back. */
export interface Share {
  /** Whose part. */
  person_id: string;
  /** Their name. */
  name: string;
  /** Minor units; -1: not told, it would give a gift's price away. */
  amount_minor: number;
  /** Who pays it instead, or empty. */
  covered_by_person_id: string;
  /** open, paying, authorised (promised, not taken) or paid. */
  state: string;
  /** here, reconnecting (their place is kept) or away. */
  presence: string;
}

/** A line of the cart that somebody gives to somebody else of the party. */
export interface Gift {
  /** Line. */
  line_id: string;
  /** Product. */
  product_id: string;
  /** Name. */
  name: string;
  /** Colour, size, for people. */
  options: string;
  /** How many. */
  quantity: number;
  /** Who gives and pays. */
  from_person_id: string;
  /** Their name. */
  from_name: string;
  /** Who gets it. */
  to_person_id: string;
  /** Their name. */
  to_name: string;
  /** offered or accepted. */
  state: string;
}

/** Somebody's place in the waiting line of a drop. */
export interface Place {
  /** SKU. */
  sku: string;
  /** Product. */
  product_id: string;
  /** waiting, admitted (add it to your cart now), left or over. */
  state: string;
  /** People before you. */
  ahead: number;
  /** People who wait. */
  waiting: number;
  /** How long it may take, ms; -1: not known yet. */
  estimate_ms: number;
  /** Until when you can hold it, server time; 0: not let in. */
  admitted_until_ms: number;
}

/** Somebody of your party in this room. */
export interface PartyMember {
  /** As in cart lines and shares. */
  person_id: string;
  /** Name. */
  name: string;
  /** Their avatar. */
  avatar_id: number;
}

/** A recommendation. */
export interface Item {
  /** Product. */
  product_id: string;
  /** Larger is better. */
  score: number;
  /** Why, for programs; others may come: goes_with (others took it beside something you touched); similar_to (it is like something you touched); popular (many like it lately); department (nothing is known yet but where it stands); wish (you said that you like such things); new (shown to learn who likes it); party_goes_with (as goes_with, of what your party did); party_similar_to (as similar_to, of what your party did); suits_party (it should suit everyone in your party); together (the friends beside you see it too). */
  reason_code: string;
  /** Why, for people. */
  reason: string;
}

/** A place of the shelf that fills itself for your party. */
export interface DisplayPlace {
  /** Which one, from 0. */
  place: number;
  /** Friends who see the same product there; empty: it is there for you. */
  shared_with_avatar_ids: number[];
}

/** An open offer. */
export interface OfferMade {
  /** Offer. */
  offer_id: number;
  /** Prop. */
  prop_id: number;
  /** Giver. */
  from_avatar_id: number;
  /** Receiver. */
  to_avatar_id: number;
  /** When it lapses, server time. */
  expires_ms: number;
}

/** First message of every connection. */
export interface HelloBody {
  /** Oldest protocol version you speak. */
  protocol_min: number;
  /** Newest protocol version you speak. */
  protocol_max: number;
  /** Name and version of the client, for logs. */
  client: string;
  /** What you are. */
  kind: "vr" | "desktop" | "phone" | "companion" | "bot";
  /** Guest token got over HTTP. */
  token: string;
  /** Newest resume token, to go on with a session. */
  resume_token?: string;
  /** Newest reliable sequence number you have seen. */
  last_seq?: number;
}

/** Clock sync; the head is your time in ms. */
export interface ClockBody {
}

/** You have everything up to this sequence number. */
export interface AckBody {
  /** Sequence number. */
  seq: number;
}

/** Take the seat you reserved over HTTP. */
export interface JoinBody {
  /** Seat reservation token; valid once, for 15 s. */
  seat_token: string;
  /** Name that others see. */
  name: string;
  /** Consent classes; empty: nothing leaves the room. */
  consent?: ("session" | "personal" | "aggregate")[];
}

/** Answer to Join. */
export interface JoinAnswer {
  /** Room you are in. */
  room_id: string;
  /** Your avatar; the id in your pose records. */
  avatar_id: number;
  /** Where to get the layout (JSON). */
  layout_url: string;
  /** Where to get the asset manifest (JSON). */
  manifest_url: string;
}

/** A clean goodbye to the room. */
export interface LeaveBody {
}

/** Jump to a free point of the floor. */
export interface TeleportBody {
  /** Where your feet shall be, metres. */
  position: [number, number, number];
  /** Where you shall face; 0 is -Z, counter-clockwise. */
  yaw_degrees: number;
}

/** Change what may leave the room about you. */
export interface SetConsentBody {
  /** Consent classes. */
  classes: ("session" | "personal" | "aggregate")[];
}

/** Your gaze rests on a product, or on none. */
export interface LookBody {
  /** Product id; empty for none. */
  product_id: string;
}

/** Open a party that friends join by code. */
export interface CreatePartyBody {
}

/** Answer to CreateParty. */
export interface CreatePartyAnswer {
  /** Party. */
  party_id: string;
  /** Code to give away. */
  party_code: string;
}

/** Join a party; your cart moves in with you. */
export interface JoinPartyBody {
  /** The party's code. */
  code: string;
}

/** Answer to JoinParty. */
export interface JoinPartyAnswer {
  /** Party. */
  party_id: string;
  /** Its code. */
  party_code: string;
}

/** Go on alone; your own lines come along. */
export interface LeavePartyBody {
}

/** Your opinion, for your party. */
export interface VoteBody {
  /** Product id; empty for none. */
  product_id: string;
  /** -1 no, 0 take back, 1 yes. */
  choice: number;
}

/** Pick a product up. */
export interface GrabBody {
  /** Prop id. */
  prop_id: number;
  /** Which hand. */
  hand: "left" | "right";
}

/** Answer to Grab. */
export interface GrabAnswer {
  /** Your ownership epoch. */
  epoch: number;
}

/** Put a product back on its slot. */
export interface PutBackBody {
  /** Prop id. */
  prop_id: number;
  /** Ownership epoch you know; a stale one is refused. */
  epoch: number;
}

/** Hold a product out to somebody. */
export interface OfferPropBody {
  /** Prop id. */
  prop_id: number;
  /** Ownership epoch you know; a stale one is refused. */
  epoch: number;
  /** Who shall take it. */
  to_avatar_id: number;
}

/** Answer to OfferProp. */
export interface OfferPropAnswer {
  /** The offer. */
  offer_id: number;
}

/** Take what is held out to you. */
export interface AcceptOfferBody {
  /** Offer id. */
  offer_id: number;
}

/** Answer to AcceptOffer. */
export interface AcceptOfferAnswer {
  /** Prop you own now. */
  prop_id: number;
  /** Your epoch. */
  epoch: number;
}

/** Do not take it; said by the giver, take the offer back. */
export interface DeclineOfferBody {
  /** Offer id. */
  offer_id: number;
}

/** Put a SKU into the party's cart and take a light hold on it. */
export interface AddToCartBody {
  /** SKU. */
  sku: string;
  /** How many. */
  quantity: number;
}

/** Answer to AddToCart. */
export interface AddToCartAnswer {
  /** Version of the cart that has it. */
  cart_version: number;
}

/** Change a line's quantity; 0 removes it. */
export interface SetQuantityBody {
  /** Cart line id. */
  line_id: string;
  /** How many. */
  quantity: number;
}

/** Answer to SetQuantity. */
export interface SetQuantityAnswer {
  /** Version of the cart. */
  cart_version: number;
}

/** Remove a line; its hold ends at once. */
export interface RemoveFromCartBody {
  /** Cart line id. */
  line_id: string;
}

/** Answer to RemoveFromCart. */
export interface RemoveFromCartAnswer {
  /** Version of the cart. */
  cart_version: number;
}

/** Freeze cart, prices and stock so that it can be paid. */
export interface LockCheckoutBody {
  /** Total you saw, minor units; -1: any. */
  expected_total_minor: number;
}

/** Answer to LockCheckout. */
export interface LockCheckoutAnswer {
  /** Checkout id. */
  checkout_id: string;
  /** What is to be paid, minor units. */
  total_minor: number;
  /** ISO 4217. */
  currency: string;
  /** When the lock ends, server time. */
  expires_ms: number;
}

/** Give the lock back; the cart stays. */
export interface UnlockCheckoutBody {
  /** Checkout id. */
  checkout_id: string;
}

/** Pay the locked checkout, or your part of it. */
export interface PayBody {
  /** Checkout id. */
  checkout_id: string;
  /** What you pay in all, minor units: the locked total, or your share and those you cover (`part_minor`). */
  expected_total_minor: number;
  /** Token of a payment method, such as test:<card>. credit: and gift:<code> are answered with a challenge, for ConfirmPayment. */
  payment_method: string;
  /** Same key, same answer: one charge however often asked. */
  idempotency_key: string;
  /** How much of it with this method, minor units, the rest with another one afterwards; 0: all you still have to pay. */
  amount_minor?: number;
}

/** Answer to Pay. */
export interface PayAnswer {
  /** State of the checkout now. */
  state: string;
  /** Order, when it is paid; else empty. */
  order_id: string;
}

/** Answer a payment challenge. */
export interface ConfirmPaymentBody {
  /** Checkout id. */
  checkout_id: string;
  /** Challenge. */
  challenge_id: string;
  /** Your answer. */
  response: "approve" | "reject";
}

/** Answer to ConfirmPayment. */
export interface ConfirmPaymentAnswer {
  /** State of the checkout now. */
  state: string;
  /** Order, when it is paid; else empty. */
  order_id: string;
}

/** Pin a product for all, or none. Hosts only. */
export interface SpotlightBody {
  /** Product id; empty for none. */
  product_id: string;
}

/** Invite all around you. Hosts only. */
export interface GatherBody {
}

/** Answer to Gather. */
export interface GatherAnswer {
  /** How many got a free spot. */
  invited: number;
}

/** Never see or hear of somebody again, nor be seen by them, in any room. */
export interface BlockBody {
  /** Who. */
  other_avatar_id: number;
}

/** Answer to Block. */
export interface BlockAnswer {
  /** Whom Unblock takes. */
  person_id: string;
}

/** Take a block back. */
export interface UnblockBody {
  /** Of the answer to Block, or of RoomState. */
  person_id: string;
}

/** Do not hear somebody's voice and captions on this visit; they are not told. */
export interface MuteBody {
  /** Who. */
  other_avatar_id: number;
}

/** Hear them again. */
export interface UnmuteBody {
  /** Who. */
  other_avatar_id: number;
}

/** Set your bubble: who is nearer is not shown to you, nor you to them. Your party and hosts always are. */
export interface SetPersonalSpaceBody {
  /** Radius, metres; 0: none. */
  radius_m: number;
}

/** Be at a free place away from people at once; go where the answer says. */
export interface RetreatBody {
}

/** Answer to Retreat. */
export interface RetreatAnswer {
  /** Where your feet are now, metres. */
  position: [number, number, number];
  /** Where you face, as before. */
  yaw_degrees: number;
}

/** Divide the locked total among the party. For the one who locked it, before anybody pays; done again, it replaces what was. */
export interface SplitCheckoutBody {
  /** Checkout id. */
  checkout_id: string;
  /** How. */
  plan: "custom" | "equal" | "own_lines";
  /** Who pays; empty: all who share the cart. */
  person_ids?: string[];
  /** For custom: what each of `person_ids` pays, in their order; the sum is the total. */
  amounts_minor?: number[];
}

/** Answer to SplitCheckout. */
export interface SplitCheckoutAnswer {
  /** State of the checkout now. */
  state: string;
}

/** Pay somebody else's share as well, or not any more. */
export interface CoverShareBody {
  /** Checkout id. */
  checkout_id: string;
  /** Whose share. */
  person_id: string;
  /** False: leave it to them again. */
  covers?: boolean;
}

/** Answer to CoverShare. */
export interface CoverShareAnswer {
  /** What you have to pay now, minor units. */
  due_minor: number;
}

/** Call a payment off that waits for others: all parts are given back, the cart stays locked. For who has paid a part, and for the one who locked it. */
export interface GiveUpPaymentBody {
  /** Checkout id. */
  checkout_id: string;
}

/** Answer to GiveUpPayment. */
export interface GiveUpPaymentAnswer {
  /** State of the checkout now. */
  state: string;
}

/** A code with which your phone pays what you have to pay, once, exactly this amount. An earlier code of yours ends. Nobody else is told. */
export interface RequestHandOffBody {
  /** Checkout id. */
  checkout_id: string;
}

/** Answer to RequestHandOff. */
export interface RequestHandOffAnswer {
  /** To be typed on the phone. */
  code: string;
  /** Page of this server on which the phone pays. */
  path: string;
  /** Its QR code as an SVG image, of this server too. */
  qr_path: string;
  /** What the phone pays, minor units. */
  amount_minor: number;
  /** ISO 4217. */
  currency: string;
  /** When the code ends, server time. */
  expires_ms: number;
}

/** Offer a line you put in to somebody of your party: you pay, the price is hidden. */
export interface OfferGiftBody {
  /** Cart line id. */
  line_id: string;
  /** Who shall get it; empty: take the offer back. */
  to_person_id: string;
}

/** Accept a gift that is offered to you, or not. */
export interface AnswerGiftBody {
  /** Cart line id. */
  line_id: string;
  /** Whether you take it. */
  accept: boolean;
}

/** Give a line to somebody else of your party; the hold on its stock goes with it. */
export interface PassHoldBody {
  /** Cart line id. */
  line_id: string;
  /** Whose it shall be. */
  to_person_id: string;
}

/** Answer to PassHold. */
export interface PassHoldAnswer {
  /** Version of the cart. */
  cart_version: number;
}

/** Take a place in the waiting line of a drop, next to your party; who has one keeps it. LinePosition tells how it goes on. */
export interface JoinLineBody {
  /** SKU. */
  sku: string;
}

/** Answer to JoinLine. */
export interface JoinLineAnswer {
  /** People before you; 0: you are next, or in. */
  ahead: number;
  /** People who wait in this line. */
  waiting: number;
  /** How long it may take, ms; -1: not known yet. */
  estimate_ms: number;
  /** Until when you can hold it, server time; 0: not let in yet. */
  admitted_until_ms: number;
}

/** Give up your place in a waiting line. */
export interface LeaveLineBody {
  /** SKU. */
  sku: string;
}

/** Answer to Hello. */
export interface WelcomeBody {
  /** Version spoken from now on. */
  protocol: number;
  /** Your session. */
  session_id: string;
  /** Whom the token stands for. */
  person_id: string;
  /** Good for one resume; the next Welcome brings the next. */
  resume_token: string;
  /** True: the session goes on. False: fresh, join again. */
  resumed: boolean;
  /** Why a resume was not possible: invalid, expired, not_yours, used_before, session_over or events_lost; empty otherwise. */
  fresh_reason: string;
  /** Newest request the server has; send later ones again. */
  last_request_id: number;
  /** Server time. */
  server_time_ms: number;
  /** Pose ticks a second. */
  tick_rate_hz: number;
  /** How long a dropped session waits for you. */
  grace_period_ms: number;
  /** Send something at least this often. */
  ping_interval_ms: number;
}

/** The one good answer to a request. */
export interface AnswerBody {
  /** The request. */
  request_id: number;
  /** The answer's fields, as listed with the request. */
  body: Record<string, unknown>;
}

/** The one bad answer to a request (request_id 0: to something without an id). */
export interface ErrorBody {
  /** The request, or 0. */
  request_id: number;
  /** Stable code. */
  code: string;
  /** A sentence for a person. */
  message: string;
  /** Facts that go with the code. */
  data: Record<string, unknown>;
}

/** Clock sync; the head is the time you sent. */
export interface ClockAnswerBody {
  /** Server time at which yours arrived. */
  received_ms: number;
  /** Server time at which this left. */
  sent_ms: number;
}

/** Everything a late joiner needs. */
export interface RoomStateBody {
  /** Room. */
  room_id: string;
  /** You. */
  avatar_id: number;
  /** Everybody, you included. */
  avatars: AvatarView[];
  /** 32-byte records of everybody who has a pose. */
  poses: Uint8Array;
  /** All product objects. */
  props: PropView[];
  /** Live stock. */
  stock: StockView[];
  /** Your party. */
  party_id: string;
  /** Its code; empty while you are alone. */
  party_code: string;
  /** Your party's cart. */
  cart: Cart | null;
  /** Your party's checkout. */
  checkout: Checkout | null;
  /** Your party's votes. */
  votes: TallyView[];
  /** Pinned product, or empty. */
  spotlight_product_id: string;
  /** Offers that wait for you or by you. */
  offers: OfferMade[];
  /** Whom you have blocked. */
  blocked: BlockedPerson[];
  /** Whom you have muted, of those here. */
  muted_avatar_ids: number[];
  /** Radius of your bubble, metres; 0: none. */
  personal_space_m: number;
  /** Your party in this room, you included. */
  members?: PartyMember[];
  /** Gifts by you and for you. */
  gifts?: Gift[];
  /** Your places in waiting lines. */
  places?: Place[];
}

/** Somebody came in. */
export interface AvatarEnteredBody {
  /** Who. */
  avatar: AvatarView;
  /** Their first record; empty: where they are follows. */
  pose: Uint8Array;
}

/** Presence or party changed. */
export interface AvatarChangedBody {
  /** Who, as they are now. */
  avatar: AvatarView;
}

/** Somebody is gone. */
export interface AvatarLeftBody {
  /** Who. */
  avatar_id: number;
  /** left, grace_over, moved or hidden. */
  reason: string;
}

/** Your pose was not taken; stand where the record says. */
export interface PoseRefusedBody {
  /** Why. */
  code: string;
  /** Your record as the server has it. */
  pose: Uint8Array;
}

/** A product object has a new owner. */
export interface PropChangedBody {
  /** As it is now. */
  prop: PropView;
}

/** A product is held out. */
export interface OfferMadeBody {
  /** Offer. */
  offer_id: number;
  /** Prop. */
  prop_id: number;
  /** Giver. */
  from_avatar_id: number;
  /** Receiver. */
  to_avatar_id: number;
  /** When it lapses, server time. */
  expires_ms: number;
}

/** An offer is over. */
export interface OfferEndedBody {
  /** Offer. */
  offer_id: number;
  /** accepted, declined, withdrawn, expired or void. */
  outcome: string;
}

/** Your party is another now. */
export interface PartyChangedBody {
  /** Party. */
  party_id: string;
  /** Code; empty while alone. */
  party_code: string;
  /** Members in this room. */
  member_avatar_ids: number[];
  /** The same with who they are. */
  members?: PartyMember[];
}

/** Your party's votes on a product. */
export interface VotesChangedBody {
  /** As it is now. */
  tally: TallyView;
}

/** Your party's cart. */
export interface CartChangedBody {
  /** As it is now. */
  cart: Cart;
}

/** Your party's checkout. */
export interface CheckoutChangedBody {
  /** As it is now. */
  checkout: Checkout;
}

/** Your party has bought. */
export interface OrderConfirmedBody {
  /** Order; GET /track/{order_id} follows it. */
  order_id: string;
  /** Checkout. */
  checkout_id: string;
  /** Who paid. */
  payer_person_id: string;
  /** Their name. */
  payer_name: string;
  /** Total, minor units. */
  total_minor: number;
  /** ISO 4217. */
  currency: string;
  /** What was bought, for people. */
  items: string[];
}

/** Live stock of a SKU. */
export interface StockChangedBody {
  /** As it is now; ignore older versions. */
  stock: StockView;
}

/** A line of your cart lost its stock. */
export interface HoldEndedBody {
  /** Line. */
  line_id: string;
  /** Product. */
  product_id: string;
}

/** Ranked products, with reasons. */
export interface RecommendationsBody {
  /** you, party, or (for parties of two and more) display: the shelf that fills itself for your party, as you see it. Ignore others: more may come. */
  scope: string;
  /** Best first; on a display in the order of the places. */
  items: Item[];
  /** On a display one for each of the items. */
  places?: DisplayPlace[];
}

/** A host pinned a product. */
export interface SpotlightChangedBody {
  /** Product, or empty. */
  product_id: string;
  /** Host. */
  by_avatar_id: number;
}

/** A host calls you to a free spot. */
export interface GatherInvitedBody {
  /** Host. */
  by_avatar_id: number;
  /** Your spot, metres. */
  position: [number, number, number];
  /** So that you face the host. */
  yaw_degrees: number;
}

/** The server is about to stop. */
export interface DrainingBody {
  /** Why, for people. */
  reason: string;
  /** When connections are closed, server time. */
  until_ms: number;
}

/** Your bank asks you on a page of its own; only you are told. When you have answered there, send ConfirmPayment with approve. */
export interface ChallengeUrlBody {
  /** Checkout. */
  checkout_id: string;
  /** Challenge. */
  challenge_id: string;
  /** Page of the bank, or address for a wallet. */
  url: string;
  /** What to do, for people. */
  text: string;
  /** Until when, server time. */
  expires_ms: number;
}

/** A line is offered as a gift; giver and receiver are told. */
export interface GiftOfferedBody {
  /** What, by whom, for whom. */
  gift: Gift;
}

/** A gift was answered; giver and receiver are told. */
export interface GiftAnsweredBody {
  /** Line. */
  line_id: string;
  /** accepted, declined, withdrawn, or over: answered or taken back outside of the room. */
  outcome: string;
}

/** Where you stand in the waiting line of a drop. */
export interface LinePositionBody {
  /** As it is now. */
  place: Place;
}

/** Number, direction and delivery class of every message. */
export const MESSAGES = {
  Hello: { number: 1, direction: "client to server", delivery: "direct" },
  Clock: { number: 2, direction: "client to server", delivery: "latest-wins" },
  Ack: { number: 3, direction: "client to server", delivery: "command" },
  Join: { number: 10, direction: "client to server", delivery: "request" },
  Leave: { number: 11, direction: "client to server", delivery: "request" },
  Pose: { number: 12, direction: "client to server", delivery: "latest-wins" },
  Teleport: { number: 13, direction: "client to server", delivery: "request" },
  SetConsent: { number: 14, direction: "client to server", delivery: "request" },
  Look: { number: 15, direction: "client to server", delivery: "command" },
  CreateParty: { number: 20, direction: "client to server", delivery: "request" },
  JoinParty: { number: 21, direction: "client to server", delivery: "request" },
  LeaveParty: { number: 22, direction: "client to server", delivery: "request" },
  Vote: { number: 23, direction: "client to server", delivery: "request" },
  Grab: { number: 30, direction: "client to server", delivery: "request" },
  PutBack: { number: 31, direction: "client to server", delivery: "request" },
  OfferProp: { number: 32, direction: "client to server", delivery: "request" },
  AcceptOffer: { number: 33, direction: "client to server", delivery: "request" },
  DeclineOffer: { number: 34, direction: "client to server", delivery: "request" },
  AddToCart: { number: 40, direction: "client to server", delivery: "request" },
  SetQuantity: { number: 41, direction: "client to server", delivery: "request" },
  RemoveFromCart: { number: 42, direction: "client to server", delivery: "request" },
  LockCheckout: { number: 43, direction: "client to server", delivery: "request" },
  UnlockCheckout: { number: 44, direction: "client to server", delivery: "request" },
  Pay: { number: 45, direction: "client to server", delivery: "request" },
  ConfirmPayment: { number: 46, direction: "client to server", delivery: "request" },
  Spotlight: { number: 50, direction: "client to server", delivery: "request" },
  Gather: { number: 51, direction: "client to server", delivery: "request" },
  Block: { number: 60, direction: "client to server", delivery: "request" },
  Unblock: { number: 61, direction: "client to server", delivery: "request" },
  Mute: { number: 62, direction: "client to server", delivery: "request" },
  Unmute: { number: 63, direction: "client to server", delivery: "request" },
  SetPersonalSpace: { number: 64, direction: "client to server", delivery: "request" },
  Retreat: { number: 65, direction: "client to server", delivery: "request" },
  SplitCheckout: { number: 70, direction: "client to server", delivery: "request" },
  CoverShare: { number: 71, direction: "client to server", delivery: "request" },
  GiveUpPayment: { number: 72, direction: "client to server", delivery: "request" },
  RequestHandOff: { number: 73, direction: "client to server", delivery: "request" },
  OfferGift: { number: 74, direction: "client to server", delivery: "request" },
  AnswerGift: { number: 75, direction: "client to server", delivery: "request" },
  PassHold: { number: 76, direction: "client to server", delivery: "request" },
  JoinLine: { number: 80, direction: "client to server", delivery: "request" },
  LeaveLine: { number: 81, direction: "client to server", delivery: "request" },
  Welcome: { number: 100, direction: "server to client", delivery: "direct" },
  Answer: { number: 101, direction: "server to client", delivery: "reliable" },
  Error: { number: 102, direction: "server to client", delivery: "reliable" },
  ClockAnswer: { number: 103, direction: "server to client", delivery: "latest-wins" },
  RoomState: { number: 110, direction: "server to client", delivery: "reliable" },
  Poses: { number: 111, direction: "server to client", delivery: "latest-wins" },
  Heads: { number: 116, direction: "server to client", delivery: "latest-wins" },
  AvatarEntered: { number: 112, direction: "server to client", delivery: "reliable" },
  AvatarChanged: { number: 113, direction: "server to client", delivery: "reliable" },
  AvatarLeft: { number: 114, direction: "server to client", delivery: "reliable" },
  PoseRefused: { number: 115, direction: "server to client", delivery: "reliable" },
  PropChanged: { number: 120, direction: "server to client", delivery: "reliable" },
  OfferMade: { number: 121, direction: "server to client", delivery: "reliable" },
  OfferEnded: { number: 122, direction: "server to client", delivery: "reliable" },
  PartyChanged: { number: 130, direction: "server to client", delivery: "reliable" },
  VotesChanged: { number: 131, direction: "server to client", delivery: "reliable" },
  CartChanged: { number: 132, direction: "server to client", delivery: "reliable" },
  CheckoutChanged: { number: 133, direction: "server to client", delivery: "reliable" },
  OrderConfirmed: { number: 134, direction: "server to client", delivery: "reliable" },
  StockChanged: { number: 135, direction: "server to client", delivery: "reliable" },
  HoldEnded: { number: 136, direction: "server to client", delivery: "reliable" },
  Recommendations: { number: 140, direction: "server to client", delivery: "reliable" },
  SpotlightChanged: { number: 150, direction: "server to client", delivery: "reliable" },
  GatherInvited: { number: 151, direction: "server to client", delivery: "reliable" },
  Draining: { number: 160, direction: "server to client", delivery: "direct" },
  ChallengeUrl: { number: 137, direction: "server to client", delivery: "reliable" },
  GiftOffered: { number: 138, direction: "server to client", delivery: "reliable" },
  GiftAnswered: { number: 139, direction: "server to client", delivery: "reliable" },
  LinePosition: { number: 145, direction: "server to client", delivery: "reliable" },
} as const;

/** Why the server closes a connection, and what to do then. */
export const CLOSES = {
  BAD_FRAME: { code: 4000, reason: "too many frames that are no messages",
    advice: "never" },
  HELLO_EXPECTED: { code: 4001, reason: "the first message must be Hello, in time",
    advice: "later" },
  PROTOCOL_VERSION: { code: 4002, reason: "no common protocol version",
    advice: "never" },
  TOKEN_INVALID: { code: 4003, reason: "the guest token is not valid",
    advice: "fresh" },
  TOO_FAST: { code: 4004, reason: "more messages than allowed, again and again",
    advice: "later" },
  SLOW: { code: 4005, reason: "events were not read fast enough",
    advice: "resume" },
  REPLACED: { code: 4006, reason: "this session goes on in another connection",
    advice: "stay-away" },
  DRAINING: { code: 4007, reason: "the server is about to stop",
    advice: "resume" },
  IDLE: { code: 4008, reason: "nothing was heard for too long",
    advice: "resume" },
  TOO_LARGE: { code: 4009, reason: "a frame was larger than allowed",
    advice: "never" },
  SERVER_FULL: { code: 4010, reason: "no more connections can be taken",
    advice: "later" },
} as const;

export const SUBPROTOCOL = "galleria.1";
export const PROTOCOL_VERSION = 3;
export const OLDEST_PROTOCOL_VERSION = 1;
