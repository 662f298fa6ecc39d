export interface AvatarView {
  avatar_id: number;
  name: string;
  kind: string;
  role: string;
  party_id: string;
  presence: string;
}
export interface PropView {
  prop_id: number;
  product_id: string;
  slot_id: number;
  owner_avatar_id: number;
  hand: string;
  epoch: number;
}
export interface StockView {
  sku: string;
  product_id: string;
  available: number;
  version: number;
}
export interface TallyView {
  product_id: string;
  up: number;
  down: number;
}
export interface CartLine {
  line_id: string;
  sku: string;
  product_id: string;
  name: string;
  options: string;
  quantity: number;
  unit_price_minor: number;
  owner_person_id: string;
  owner_name: string;
  hold_state: string;
  hold_expires_ms: number;
}
export interface Cart {
  cart_id: string;
  version: number;
  currency: string;
  total_minor: number;
  lines: CartLine[];
  checkout_id: string;
}
export interface Checkout {
  checkout_id: string;
  version: number;
  state: string;
  locked_by_person_id: string;
  locked_by_name: string;
  total_minor: number;
  currency: string;
  expires_ms: number;
  payer_person_id: string;
  challenge_id: string;
  challenge_text: string;
  in_doubt: boolean;
  failure_code: string;
  failure_message: string;
  order_id: string;
}
export interface Item {
  product_id: string;
  score: number;
  reason_code: string;
  reason: string;
}
export interface OfferMade {
  offer_id: number;
  prop_id: number;
  from_avatar_id: number;
  to_avatar_id: number;
  expires_ms: number;
}
export interface HelloBody {
  protocol_min: number;
  protocol_max: number;
  client: string;
  kind: ("vr" | "desktop" | "phone" | "companion" | "bot");
  token: string;
  resume_token?: string;
  last_seq?: number;
}
export interface ClockBody {
}
export interface AckBody {
  seq: number;
}
export interface JoinBody {
  seat_token: string;
  name: string;
  consent?: ("session" | "personal" | "aggregate")[];
}
export interface JoinAnswer {
  room_id: string;
  avatar_id: number;
  layout_url: string;
  manifest_url: string;
}
export interface LeaveBody {
}
export interface TeleportBody {
  position: [number, number, number];
  yaw_degrees: number;
}
export interface SetConsentBody {
  classes: ("session" | "personal" | "aggregate")[];
}
export interface LookBody {
  product_id: string;
}
export interface CreatePartyBody {
}
export interface CreatePartyAnswer {
  party_id: string;
  party_code: string;
}
export interface JoinPartyBody {
  code: string;
}
export interface JoinPartyAnswer {
  party_id: string;
  party_code: string;
}
export interface LeavePartyBody {
}
export interface VoteBody {
  product_id: string;
  choice: number;
}
export interface GrabBody {
  prop_id: number;
  hand: ("left" | "right");
}
export interface GrabAnswer {
  epoch: number;
}
export interface PutBackBody {
  prop_id: number;
  epoch: number;
}
export interface OfferPropBody {
  prop_id: number;
  epoch: number;
  to_avatar_id: number;
}
export interface OfferPropAnswer {
  offer_id: number;
}
export interface AcceptOfferBody {
  offer_id: number;
}
export interface AcceptOfferAnswer {
  prop_id: number;
  epoch: number;
}
export interface DeclineOfferBody {
  offer_id: number;
}
export interface AddToCartBody {
  sku: string;
  quantity: number;
}
export interface AddToCartAnswer {
  cart_version: number;
}
export interface SetQuantityBody {
  line_id: string;
  quantity: number;
}
export interface SetQuantityAnswer {
  cart_version: number;
}
export interface RemoveFromCartBody {
  line_id: string;
}
export interface RemoveFromCartAnswer {
  cart_version: number;
}
export interface LockCheckoutBody {
  expected_total_minor: number;
}
export interface LockCheckoutAnswer {
  checkout_id: string;
  total_minor: number;
  currency: string;
  expires_ms: number;
}
export interface UnlockCheckoutBody {
  checkout_id: string;
}
export interface PayBody {
  checkout_id: string;
  expected_total_minor: number;
  payment_method: string;
  idempotency_key: string;
}
export interface PayAnswer {
  state: string;
  order_id: string;
}
export interface ConfirmPaymentBody {
  checkout_id: string;
  challenge_id: string;
  response: ("approve" | "reject");
}
export interface ConfirmPaymentAnswer {
  state: string;
  order_id: string;
}
export interface SpotlightBody {
  product_id: string;
}
export interface GatherBody {
}
export interface GatherAnswer {
  invited: number;
}
export interface WelcomeBody {
  protocol: number;
  session_id: string;
  person_id: string;
  resume_token: string;
  resumed: boolean;
  fresh_reason: string;
  last_request_id: number;
  server_time_ms: number;
  tick_rate_hz: number;
  grace_period_ms: number;
  ping_interval_ms: number;
}
export interface AnswerBody {
  request_id: number;
  body: Record<string, unknown>;
}
export interface ErrorBody {
  request_id: number;
  code: string;
  message: string;
  data: Record<string, unknown>;
}
export interface ClockAnswerBody {
  received_ms: number;
  sent_ms: number;
}
export interface RoomStateBody {
  room_id: string;
  avatar_id: number;
  avatars: AvatarView[];
  poses: Uint8Array;
  props: PropView[];
  stock: StockView[];
  party_id: string;
  party_code: string;
  cart: Cart | null;
  checkout: Checkout | null;
  votes: TallyView[];
  spotlight_product_id: string;
  offers: OfferMade[];
}
export interface AvatarEnteredBody {
  avatar: AvatarView;
  pose: Uint8Array;
}
export interface AvatarChangedBody {
  avatar: AvatarView;
}
export interface AvatarLeftBody {
  avatar_id: number;
  reason: string;
}
export interface PoseRefusedBody {
  code: string;
  pose: Uint8Array;
}
export interface PropChangedBody {
  prop: PropView;
}
export interface OfferMadeBody {
  offer_id: number;
  prop_id: number;
  from_avatar_id: number;
  to_avatar_id: number;
  expires_ms: number;
}
export interface OfferEndedBody {
  offer_id: number;
  outcome: string;
}
export interface PartyChangedBody {
  party_id: string;
  party_code: string;
  member_avatar_ids: number[];
}
export interface VotesChangedBody {
  tally: TallyView;
}
export interface CartChangedBody {
  cart: Cart;
}
export interface CheckoutChangedBody {
  checkout: Checkout;
}
export interface OrderConfirmedBody {
  order_id: string;
  checkout_id: string;
  payer_person_id: string;
  payer_name: string;
  total_minor: number;
  currency: string;
  items: string[];
}
export interface StockChangedBody {
  stock: StockView;
}
export interface HoldEndedBody {
  line_id: string;
  product_id: string;
}
export interface RecommendationsBody {
  scope: string;
  items: Item[];
}
export interface SpotlightChangedBody {
  product_id: string;
  by_avatar_id: number;
}
export interface GatherInvitedBody {
  by_avatar_id: number;
  position: [number, number, number];
  yaw_degrees: number;
}
export interface DrainingBody {
  reason: string;
  until_ms: number;
}
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
  Welcome: { number: 100, direction: "server to client", delivery: "direct" },
  Answer: { number: 101, direction: "server to client", delivery: "reliable" },
  Error: { number: 102, direction: "server to client", delivery: "reliable" },
  ClockAnswer: { number: 103, direction: "server to client", delivery: "latest-wins" },
  RoomState: { number: 110, direction: "server to client", delivery: "reliable" },
  Poses: { number: 111, direction: "server to client", delivery: "latest-wins" },
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
} as const;
export const SUBPROTOCOL = "galleria.1";
export const PROTOCOL_VERSION = 1;
export const OLDEST_PROTOCOL_VERSION = 1;
