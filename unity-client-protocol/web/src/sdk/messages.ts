/**
 * The protocol's message table as the SDK uses it.
 *
 * Numbers and bodies come from `../protocol/generated`, which is generated from the server's own
 * table. This module only says which body and which answer belong to which request, and which
 * body to which event.
 */
import type * as wire from "../protocol/generated";
import { MESSAGES } from "../protocol/generated";

export type {
  AvatarView,
  BlockedPerson,
  Cart,
  CartLine,
  Checkout,
  DisplayPlace,
  Gift,
  Item,
  OfferMade,
  PartyMember,
  Place,
  PropView,
  Share,
  StockView,
  TallyView,
} from "../protocol/generated";
export { OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION, SUBPROTOCOL } from "../protocol/generated";

/** A point in metres: right-handed, +Y up, -Z ahead. */
export type Position = [number, number, number];
export type AvatarKind = "vr" | "desktop" | "phone" | "companion" | "bot";
export type ConsentClass = "session" | "personal" | "aggregate";
export type MessageName = keyof typeof MESSAGES;

type Nothing = Record<string, never>;

/** Every request: what it says, and what its good answer holds. */
export interface Requests {
  Join: { body: wire.JoinBody; answer: wire.JoinAnswer };
  Leave: { body: Nothing; answer: Nothing };
  Teleport: { body: wire.TeleportBody; answer: Nothing };
  SetConsent: { body: wire.SetConsentBody; answer: Nothing };
  Block: { body: wire.BlockBody; answer: wire.BlockAnswer };
  Unblock: { body: wire.UnblockBody; answer: Nothing };
  Mute: { body: wire.MuteBody; answer: Nothing };
  Unmute: { body: wire.UnmuteBody; answer: Nothing };
  SetPersonalSpace: { body: wire.SetPersonalSpaceBody; answer: Nothing };
  Retreat: { body: Nothing; answer: wire.RetreatAnswer };
  CreateParty: { body: Nothing; answer: wire.CreatePartyAnswer };
  JoinParty: { body: wire.JoinPartyBody; answer: wire.JoinPartyAnswer };
  LeaveParty: { body: Nothing; answer: Nothing };
  Vote: { body: wire.VoteBody; answer: Nothing };
  Grab: { body: wire.GrabBody; answer: wire.GrabAnswer };
  PutBack: { body: wire.PutBackBody; answer: Nothing };
  OfferProp: { body: wire.OfferPropBody; answer: wire.OfferPropAnswer };
  AcceptOffer: { body: wire.AcceptOfferBody; answer: wire.AcceptOfferAnswer };
  DeclineOffer: { body: wire.DeclineOfferBody; answer: Nothing };
  AddToCart: { body: wire.AddToCartBody; answer: wire.AddToCartAnswer };
  SetQuantity: { body: wire.SetQuantityBody; answer: wire.SetQuantityAnswer };
  RemoveFromCart: { body: wire.RemoveFromCartBody; answer: wire.RemoveFromCartAnswer };
  LockCheckout: { body: wire.LockCheckoutBody; answer: wire.LockCheckoutAnswer };
  UnlockCheckout: { body: wire.UnlockCheckoutBody; answer: Nothing };
  Pay: { body: wire.PayBody; answer: wire.PayAnswer };
  ConfirmPayment: { body: wire.ConfirmPaymentBody; answer: wire.ConfirmPaymentAnswer };
  SplitCheckout: { body: wire.SplitCheckoutBody; answer: wire.SplitCheckoutAnswer };
  CoverShare: { body: wire.CoverShareBody; answer: wire.CoverShareAnswer };
  GiveUpPayment: { body: wire.GiveUpPaymentBody; answer: wire.GiveUpPaymentAnswer };
  RequestHandOff: { body: wire.RequestHandOffBody; answer: wire.RequestHandOffAnswer };
  OfferGift: { body: wire.OfferGiftBody; answer: Nothing };
  AnswerGift: { body: wire.AnswerGiftBody; answer: Nothing };
  PassHold: { body: wire.PassHoldBody; answer: wire.PassHoldAnswer };
  JoinLine: { body: wire.JoinLineBody; answer: wire.JoinLineAnswer };
  LeaveLine: { body: wire.LeaveLineBody; answer: Nothing };
  Spotlight: { body: wire.SpotlightBody; answer: Nothing };
  Gather: { body: Nothing; answer: wire.GatherAnswer };
}
export type RequestName = keyof Requests;

/** Events that tell of the room and the party; delivered exactly once and in order. */
export interface RoomEvents {
  RoomState: wire.RoomStateBody;
  AvatarEntered: wire.AvatarEnteredBody;
  AvatarChanged: wire.AvatarChangedBody;
  AvatarLeft: wire.AvatarLeftBody;
  PoseRefused: wire.PoseRefusedBody;
  PropChanged: wire.PropChangedBody;
  OfferMade: wire.OfferMadeBody;
  OfferEnded: wire.OfferEndedBody;
  PartyChanged: wire.PartyChangedBody;
  VotesChanged: wire.VotesChangedBody;
  CartChanged: wire.CartChangedBody;
  CheckoutChanged: wire.CheckoutChangedBody;
  OrderConfirmed: wire.OrderConfirmedBody;
  ChallengeUrl: wire.ChallengeUrlBody;
  GiftOffered: wire.GiftOfferedBody;
  GiftAnswered: wire.GiftAnsweredBody;
  LinePosition: wire.LinePositionBody;
  StockChanged: wire.StockChangedBody;
  HoldEnded: wire.HoldEndedBody;
  Recommendations: wire.RecommendationsBody;
  SpotlightChanged: wire.SpotlightChangedBody;
  GatherInvited: wire.GatherInvitedBody;
}
export type RoomEventName = keyof RoomEvents;

export type HelloBody = wire.HelloBody;
export type WelcomeBody = wire.WelcomeBody;
export type ErrorBody = wire.ErrorBody;
export type AnswerBody = wire.AnswerBody;
export type ClockAnswerBody = wire.ClockAnswerBody;
export type DrainingBody = wire.DrainingBody;
export type OrderConfirmed = wire.OrderConfirmedBody;
export type GatherInvited = wire.GatherInvitedBody;
export type ChallengeUrl = wire.ChallengeUrlBody;
export type HandOff = wire.RequestHandOffAnswer;

const NAMES = new Map<number, MessageName>(
  (Object.keys(MESSAGES) as MessageName[]).map((name) => [MESSAGES[name].number, name]),
);

/** The number a message travels under. */
export function numberOf(name: MessageName): number {
  return MESSAGES[name].number;
}

/** The message of a number, or undefined for one that this version does not know. */
export function nameOf(number: number): MessageName | undefined {
  return NAMES.get(number);
}

/** Whether the head of this message is a reliable sequence number. */
export function isReliable(name: MessageName): boolean {
  return MESSAGES[name].delivery === "reliable";
}
