"""People are drawn by seed, and no two runs of one seed differ."""

import random

from server.bots.personality import CARD_CHANCES, draw_card, draw_personality

DEPARTMENTS = ("bags", "footwear", "lighting", "tableware")


def test_the_same_seed_makes_the_same_person() -> None:
    assert draw_personality(7, random.Random(3), DEPARTMENTS) == draw_personality(
        7, random.Random(3), DEPARTMENTS
    )


def test_names_differ_and_fit_the_protocol() -> None:
    names = [draw_personality(number, random.Random(1), DEPARTMENTS).name for number in range(300)]
    assert len(set(names)) == 300
    assert max(map(len, names)) <= 32


def test_every_department_is_somebodys_favourite() -> None:
    people = [draw_personality(number, random.Random(number), DEPARTMENTS) for number in range(4)]
    assert {favourite for person in people for favourite in person.favourites} >= set(DEPARTMENTS)
    assert people[0].taste("bags") > people[0].taste("nowhere")


def test_a_store_without_departments_has_shoppers_too() -> None:
    assert draw_personality(0, random.Random(1), ()).favourites == ()


def test_cards_are_no_real_cards() -> None:
    assert abs(sum(CARD_CHANCES.values()) - 1) < 1e-9
    chance = random.Random(1)
    drawn = {draw_card(chance) for _ in range(500)}
    assert drawn == set(CARD_CHANCES)
    assert all(card.startswith("test:0") for card in drawn)
