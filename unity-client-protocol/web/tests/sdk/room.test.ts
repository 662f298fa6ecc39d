import { describe, expect, test } from "vitest";
import { type AvatarView, facing, packPose, RoomModel } from "../../src/sdk";

function avatar(avatarId: number, partyId = "p"): AvatarView {
  return { avatar_id: avatarId, name: `A${avatarId}`, kind: "desktop", role: "shopper", party_id: partyId, presence: "here" };
}

function record(avatarId: number, x: number): Uint8Array {
  return packPose({ avatarId, head: [x, 1.6, 0], headRotation: facing(0), left: null, right: null });
}

/** A head of 12 bytes at x millimetres. */
function head(avatarId: number, xMm: number): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, avatarId, true);
  view.setInt16(2, xMm, true);
  view.setInt16(4, 1600, true);
  view.setUint32(8, 0xe0080200, true);
  return bytes;
}

function entered(): RoomModel {
  const room = new RoomModel(20);
  room.apply(
    "RoomState",
    {
      room_id: "hall", avatar_id: 1, avatars: [avatar(1), avatar(2), avatar(3, "q")],
      poses: record(2, 1),
      props: [{ prop_id: 7, product_id: "mug", slot_id: 4, owner_avatar_id: 0, hand: "", epoch: 2 }],
      stock: [{ sku: "MUG", product_id: "mug", available: 5, version: 3 }],
      party_id: "p", party_code: "CODE", cart: null, checkout: null, votes: [],
      spotlight_product_id: "", offers: [], blocked: [{ person_id: "p9", name: "Nine" }],
      muted_avatar_ids: [], personal_space_m: 1,
    },
    1000,
  );
  return room;
}

describe("room model", () => {
  test("a state tells everything", () => {
    const room = entered();
    expect(room.me?.name).toBe("A1");
    expect(room.party.map((member) => member.avatar_id)).toEqual([1, 2]);
    expect(room.propOfProduct("mug")?.prop_id).toBe(7);
    expect(room.newestPose(2)?.head[0]).toBe(1);
    room.apply("RoomState", { ...emptyState(), avatar_id: 9 }, 2000);
    expect([room.avatars.size, room.props.size, room.stock.size]).toEqual([0, 0, 0]);
    expect(room.newestPose(2)).toBeUndefined();
  });

  test("a shelf has a place for each item, and goes with its party", () => {
    const room = entered();
    const item = { product_id: "mug", score: 0.5, reason_code: "together", reason: "Talk of it." };
    room.apply("Recommendations", { scope: "you", items: [item] }, 0);
    room.apply("Recommendations", { scope: "display", items: [item, item], places: [{ place: 2, shared_with_avatar_ids: [2] }] }, 0);
    expect(room.display).toEqual([{ ...item, place: 2, shared_with_avatar_ids: [2] }]);
    expect([...room.recommendations.keys()]).toEqual(["you"]);
    room.apply("PartyChanged", { party_id: "p", party_code: "CODE", member_avatar_ids: [1] }, 0);
    expect(room.display.length).toBe(1);
    room.apply("PartyChanged", { party_id: "q", party_code: "", member_avatar_ids: [1] }, 0);
    expect(room.display).toEqual([]);
  });

  test("older versions and epochs are ignored", () => {
    const room = entered();
    room.apply("StockChanged", { stock: { sku: "MUG", product_id: "mug", available: 9, version: 2 } }, 0);
    expect(room.stock.get("MUG")?.available).toBe(5);
    room.apply("PropChanged", { prop: { prop_id: 7, product_id: "mug", slot_id: 4, owner_avatar_id: 3, hand: "left", epoch: 1 } }, 0);
    expect(room.props.get(7)?.owner_avatar_id).toBe(0);
    room.apply("PropChanged", { prop: { prop_id: 7, product_id: "mug", slot_id: 4, owner_avatar_id: 1, hand: "left", epoch: 3 } }, 0);
    expect(room.held.map((prop) => prop.prop_id)).toEqual([7]);
    const cart = { cart_id: "p", version: 5, currency: "EUR", total_minor: 1, lines: [], checkout_id: "" };
    room.apply("CartChanged", { cart }, 0);
    room.apply("CartChanged", { cart: { ...cart, version: 4, total_minor: 2 } }, 0);
    expect(room.cart?.total_minor).toBe(1);
    room.apply("CartChanged", { cart: { ...cart, cart_id: "other", version: 1 } }, 0);
    expect(room.cart?.cart_id).toBe("other");
  });

  test("people come, change and go", () => {
    const room = entered();
    const news: number[] = [];
    room.on("avatar", ({ avatarId }) => news.push(avatarId));
    room.apply("AvatarEntered", { avatar: avatar(4), pose: record(4, 2) }, 1000);
    room.apply("AvatarChanged", { avatar: { ...avatar(4), presence: "reconnecting" } }, 1000);
    expect(room.avatars.get(4)?.presence).toBe("reconnecting");
    room.apply("AvatarLeft", { avatar_id: 4, reason: "left" }, 1000);
    expect(room.avatars.has(4)).toBe(false);
    expect(room.newestPose(4)).toBeUndefined();
    expect(news).toEqual([4, 4, 4]);
  });

  test("offers by and to me", () => {
    const room = entered();
    room.apply("OfferMade", { offer_id: 1, prop_id: 7, from_avatar_id: 2, to_avatar_id: 1, expires_ms: 9 }, 0);
    room.apply("OfferMade", { offer_id: 2, prop_id: 8, from_avatar_id: 1, to_avatar_id: 2, expires_ms: 9 }, 0);
    expect(room.offersToMe.map((offer) => offer.offer_id)).toEqual([1]);
    expect(room.offersByMe.map((offer) => offer.offer_id)).toEqual([2]);
    room.apply("OfferEnded", { offer_id: 1, outcome: "declined" }, 0);
    expect(room.offersToMe).toEqual([]);
  });

  test("gifts wait for my answer, and go with the party", () => {
    const room = entered();
    room.apply("PartyChanged", { party_id: "p", party_code: "", member_avatar_ids: [1], members: [{ person_id: "me", name: "A1", avatar_id: 1 }] }, 0);
    const gift = {
      line_id: "a", product_id: "mug", name: "Mug", options: "", quantity: 1,
      from_person_id: "other", from_name: "A2", to_person_id: "me", to_name: "A1", state: "offered",
    };
    room.apply("GiftOffered", { gift }, 0);
    room.apply("GiftOffered", { gift: { ...gift, line_id: "b", to_person_id: "other" } }, 0);
    expect(room.giftsToMe.map((waiting) => waiting.line_id)).toEqual(["a"]);
    room.apply("GiftAnswered", { line_id: "a", outcome: "accepted" }, 0);
    expect(room.giftsToMe).toEqual([]);
    expect(room.gifts.get("a")?.state).toBe("accepted");
    room.apply("GiftAnswered", { line_id: "b", outcome: "declined" }, 0);
    expect(room.gifts.size).toBe(1);
    room.apply("PartyChanged", { party_id: "new", party_code: "", member_avatar_ids: [1] }, 0);
    expect(room.gifts.size).toBe(0);
  });

  test("a place in a line, until it is left or over", () => {
    const room = entered();
    const place = { sku: "MUG", product_id: "mug", state: "waiting", ahead: 2, waiting: 5, estimate_ms: -1, admitted_until_ms: 0 };
    room.apply("LinePosition", { place }, 0);
    room.apply("LinePosition", { place: { ...place, state: "admitted", ahead: 0 } }, 0);
    expect(room.places.get("MUG")?.state).toBe("admitted");
    room.apply("LinePosition", { place: { ...place, state: "over" } }, 0);
    expect(room.places.size).toBe(0);
  });

  test("votes belong to the party", () => {
    const room = entered();
    room.apply("VotesChanged", { tally: { product_id: "mug", up: 2, down: 0 } }, 0);
    room.apply("PartyChanged", { party_id: "p", party_code: "CODE", member_avatar_ids: [1] }, 0);
    expect(room.votes.get("mug")?.up).toBe(2);
    room.apply("PartyChanged", { party_id: "new", party_code: "", member_avatar_ids: [1] }, 0);
    expect(room.votes.size).toBe(0);
  });

  test("others are drawn between their poses, a little in the past", () => {
    const room = entered();
    for (let tick = 1; tick <= 40; tick += 1) {
      room.applyPoses(1000 + tick * 50, record(2, 1 + tick * 0.1), 1000 + tick * 50 + 4);
    }
    const now = 3000;
    const drawn = room.poseOf(2, now)!.head[0];
    const exact = 1 + ((now - room.delayMs - 1000) / 50) * 0.1;
    expect(drawn).toBeCloseTo(exact, 2);
  });

  test("far away people move smoothly, without hands, until they are out of sight", () => {
    const room = entered();
    for (let time = 1250; time <= 3000; time += 250) {
      room.applyHeads(time, head(3, time), time + 4);
    }
    const drawn = [3000, 3050, 3100].map((now) => room.poseOf(3, now)!.head[0]);
    expect(drawn[1]! - drawn[0]!).toBeCloseTo(0.05, 2);
    expect(drawn[2]! - drawn[1]!).toBeCloseTo(0.05, 2);
    expect(room.newestPose(3)!.left).toBeNull();
    room.applyHeads(3250, head(3, -32768), 3254);
    expect(room.poseOf(3, 3300)).toBeUndefined();
    expect(room.avatars.has(3)).toBe(true);
  });

  test("heads of my own party are left out, and half a head is refused", () => {
    const room = entered();
    room.applyHeads(2000, head(2, -32768), 2004);
    expect(room.newestPose(2)?.head[0]).toBe(1);
    expect(() => room.applyHeads(2000, new Uint8Array(13), 2004)).toThrow();
  });
});

function emptyState(): Parameters<typeof RoomModel.prototype.apply<"RoomState">>[1] {
  return {
    room_id: "hall", avatar_id: 1, avatars: [], poses: new Uint8Array(), props: [], stock: [],
    party_id: "p", party_code: "", cart: null, checkout: null, votes: [],
    spotlight_product_id: "", offers: [], blocked: [], muted_avatar_ids: [], personal_space_m: 0,
  };
}
