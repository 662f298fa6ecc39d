"""Recipes are plain values."""

import pickle

from assets.recipe import ProductRecipe


def test_a_recipe_goes_to_another_process_and_back() -> None:
    recipe = ProductRecipe("mug", "A mug.", "mug", {"height_m": 0.1}, {"SKU-1": "#aabbcc"})
    assert pickle.loads(pickle.dumps(recipe)) == recipe  # noqa: S301 - our own bytes
