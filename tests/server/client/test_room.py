"""The room model follows the events, and never goes back to an older version."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.client.room import BATCHES_MAX, RoomModel
from server.wire.messages import BY_NAME
from server.wire.pose import Pose, pack_head, pack_pose, unpack_pose
from server.wire.structures import BY_NAME as STRUCTURES
from server.wire.vectors import example_body


def avatar(avatar_id: int, party_id: str = "p1", name: str = "Ada") -> dict[str, Any]:
    return {
        "avatar_id": avatar_id, "name": name, "kind": "vr", "role": "shopper",
        "party_id": party_id, "presence": "here",
    }  # fmt: skip


def prop(prop_id: int, owner: int = 0, epoch: int = 1) -> dict[str, Any]:
    return {
        "prop_id": prop_id, "product_id": "mug", "slot_id": prop_id, "owner_avatar_id": owner,
        "hand": "", "epoch": epoch,
    }  # fmt: skip


@pytest.fixture
def room() -> RoomModel:
    room = RoomModel()
    state = example_body(BY_NAME["RoomState"].fields)
    state |= {
        "avatar_id": 1,
        "avatars": [avatar(1), avatar(2, "p2", "Bob")],
        "poses": pack_pose(Pose(1, (1.0, 1.6, 0.0))) + pack_pose(Pose(2, (2.0, 1.6, 0.0))),
        "props": [prop(7), prop(8, owner=2)],
        "stock": [{"sku": "MUG", "product_id": "mug", "available": 3, "version": 5}],
        "party_id": "p1",
        "cart": None,
        "checkout": None,
        "offers": [],
        "votes": [],
    }
    room.apply("RoomState", state)
    return room


def test_a_newcomer_knows_everything(room: RoomModel) -> None:
    assert room.me == avatar(1)
    assert room.avatar_named("Bob") == avatar(2, "p2", "Bob")
    assert room.avatar_named("Eve") is None
    assert room.available("MUG") == 3
    assert room.available("HAT") is None
    assert [view["prop_id"] for view in room.held_by(2)] == [8]
    assert room.party_avatar_ids == (1,)
    pose = room.pose(2)
    assert pose is not None
    assert pose.head == (2.0, 1.6, 0.0)
    assert room.pose(3) is None


def test_avatars_come_change_and_go(room: RoomModel) -> None:
    pose = pack_pose(Pose(3, (3.0, 1.6, 0.0)))
    room.apply("AvatarEntered", {"avatar": avatar(3), "pose": pose})
    room.apply("AvatarChanged", {"avatar": avatar(3) | {"presence": "reconnecting"}})
    assert room.avatars[3]["presence"] == "reconnecting"
    assert room.record(3) == pose
    room.apply("AvatarLeft", {"avatar_id": 3, "reason": "left"})
    assert 3 not in room.avatars
    assert room.record(3) is None


def test_the_newest_pose_counts(room: RoomModel) -> None:
    for number in range(BATCHES_MAX * 2 + 3):
        room.apply_poses(number, pack_pose(Pose(2, (number / 100, 1.6, 0.0))))
    pose = room.pose(2)
    assert pose is not None
    assert pose.head[0] == pytest.approx((BATCHES_MAX * 2 + 2) / 100)
    first = room.pose(1)
    assert first is not None
    assert first.head[0] == 1.0


def test_a_frame_with_everybody_replaces_all_before(room: RoomModel) -> None:
    both = [pack_pose(Pose(number, (0.5, 1.6, 0.0))) for number in (1, 2)]
    room.apply_poses(1, b"".join(both))
    assert (room.record(1), room.record(2)) == (both[0], both[1])


def test_old_news_of_props_is_no_news(room: RoomModel) -> None:
    room.apply("PropChanged", {"prop": prop(7, owner=1, epoch=4)})
    room.apply("PropChanged", {"prop": prop(7, owner=2, epoch=3)})
    assert room.props[7]["owner_avatar_id"] == 1


@given(st.lists(st.integers(1, 50), min_size=1))
def test_stock_never_goes_back_to_an_older_version(versions: list[int]) -> None:
    room = RoomModel()
    for version in versions:
        stock = {"sku": "MUG", "product_id": "mug", "available": version, "version": version}
        room.apply("StockChanged", {"stock": stock})
    assert room.available("MUG") == max(versions)


def test_a_new_party_has_another_cart(room: RoomModel) -> None:
    cart = {"cart_id": "p1", "version": 9}
    room.apply("CartChanged", {"cart": cart})
    room.apply("CartChanged", {"cart": {"cart_id": "p1", "version": 8}})
    assert room.cart == cart
    party = {"party_id": "p2", "party_code": "ABC", "member_avatar_ids": [1, 2]}
    room.apply("PartyChanged", party)
    assert not room.cart
    assert (room.party_code, room.party_avatar_ids) == ("ABC", (1, 2))
    room.apply("CartChanged", {"cart": {"cart_id": "p2", "version": 1}})
    room.apply("PartyChanged", party | {"member_avatar_ids": [1]})
    assert room.cart == {"cart_id": "p2", "version": 1}


def test_everything_else(room: RoomModel) -> None:
    offer = example_body(BY_NAME["OfferMade"].fields)
    room.apply("OfferMade", offer)
    assert room.offers == {7: offer}
    room.apply("OfferEnded", {"offer_id": 7, "outcome": "expired"})
    assert room.offers == {}
    room.apply("VotesChanged", {"tally": {"product_id": "mug", "up": 1, "down": 0}})
    assert room.votes["mug"]["up"] == 1
    room.apply("CheckoutChanged", {"checkout": {"checkout_id": "c", "version": 1}})
    assert room.checkout is not None
    room.apply("OrderConfirmed", {"order_id": "o"})
    assert room.orders == [{"order_id": "o"}]
    room.apply("Recommendations", {"scope": "party", "items": [{"product_id": "hat"}]})
    assert room.recommendations["party"] == [{"product_id": "hat"}]
    place = {"place": 3, "shared_with_avatar_ids": [2]}
    shelf = {"scope": "display", "items": [{"product_id": "hat"}], "places": [place]}
    room.apply("Recommendations", shelf)
    assert room.display == [{"product_id": "hat", **place}]
    assert set(room.recommendations) == {"you", "party"}
    room.apply("SpotlightChanged", {"product_id": "mug", "by_avatar_id": 1})
    assert room.spotlight_product_id == "mug"
    room.apply(
        "PoseRefused", {"code": "POSE_TOO_FAST", "pose": pack_pose(Pose(1, (9.0, 1.6, 0.0)))}
    )
    pose = room.pose(1)
    assert pose is not None
    assert pose.head[0] == 9.0
    room.apply("FromTheFuture", {})


# --- from afar ------------------------------------------------------------------------------------


def test_from_afar_there_is_a_head_and_no_hands(room: RoomModel) -> None:
    near = Pose(2, (2.0, 1.6, 0.0), left=(0.2, -0.3, 0.0))
    room.apply_poses(5, pack_pose(near))
    room.apply_heads(6, pack_head(Pose(2, (9.0, 1.6, 0.0))))
    far = room.pose(2)
    assert far is not None
    assert (far.head, far.left, far.right) == ((9.0, 1.6, 0.0), None, None)
    room.apply_poses(7, pack_pose(near))
    assert room.pose(2) == unpack_pose(pack_pose(near))


def test_who_is_out_of_sight_is_nowhere_until_heard_of_again(room: RoomModel) -> None:
    room.apply_heads(6, pack_head(2))
    assert room.pose(2) is None
    assert 2 in room.avatars
    room.apply_heads(7, pack_head(Pose(2, (9.0, 1.6, 0.0))))
    assert room.pose(2) is not None


def test_heads_of_the_own_party_are_left_out(room: RoomModel) -> None:
    changed = {"party_id": "p1", "party_code": "C", "member_avatar_ids": [1, 2]}
    room.apply("PartyChanged", changed)
    before = room.pose(2)
    room.apply_heads(6, pack_head(2) + pack_head(Pose(1, (9.0, 1.6, 0.0))))
    assert room.pose(2) == before
    with pytest.raises(ValueError, match="12"):
        room.apply_heads(7, b"half a head")


def test_what_is_known_of_oneself_comes_with_the_room(room: RoomModel) -> None:
    assert room.blocked == {"person": "Ada"}
    assert room.personal_space_m == 1.5
    assert room.muted_avatar_ids == {7}
    room.apply("AvatarLeft", {"avatar_id": 7, "reason": "hidden"})
    assert room.muted_avatar_ids == set()


def test_gifts_and_places_come_and_go(room: RoomModel) -> None:
    gift = example_body(STRUCTURES["Gift"].fields) | {"line_id": "a", "state": "offered"}
    room.apply("GiftOffered", {"gift": gift})
    room.apply("GiftOffered", {"gift": gift | {"line_id": "b"}})
    room.apply("GiftAnswered", {"line_id": "a", "outcome": "accepted"})
    room.apply("GiftAnswered", {"line_id": "b", "outcome": "declined"})
    room.apply("GiftAnswered", {"line_id": "unknown", "outcome": "accepted"})
    assert {line: view["state"] for line, view in room.gifts.items() if line != "line"} == {
        "a": "accepted"
    }
    place = example_body(STRUCTURES["Place"].fields) | {"sku": "MUG", "state": "waiting"}
    room.apply("LinePosition", {"place": place})
    assert room.places["MUG"] == place
    room.apply("LinePosition", {"place": place | {"state": "over"}})
    assert "MUG" not in room.places
    asked = example_body(BY_NAME["ChallengeUrl"].fields)
    room.apply("ChallengeUrl", asked)
    assert room.challenge_url == asked
    member = {"person_id": "p", "name": "Ada", "avatar_id": 1}
    party = {"party_code": "", "member_avatar_ids": [1], "members": [member]}
    room.apply("PartyChanged", {"party_id": "another", **party})
    assert (len(room.gifts), room.members) == (0, [member])
    assert not room.challenge_url
