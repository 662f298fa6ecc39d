"""Names of the live columns, what the second stage of a room looks at, by where they come from."""

TRAITS = (
    "people_7", "people_21", "people_60", "trend", "first_days", "visits_each", "taken_share",
    "price",
)  # fmt: skip
"""Numbers of each product alone, as told in `recommender.evidence`; 0 before the first fit, but for
`price`, which is the logarithm of minor units."""

SUMS = ("first_stage", "together", "text")
SINGLES = ("together_best", "text_best", "together_newest", "text_newest")
MOVING = (*SUMS, *SINGLES, "price_apart")
"""Of a product for one history: all of them move with every event."""

OWN = ("own_weight", "own_days", "own_place", "own_added", "own_bought")
"""Of the products that are in the history; all others have the same values."""

PERSON = ("mass", "products_touched", "price_before")
"""Of the history alone."""

COLUMNS = (
    "first_stage", "first_stage_place", "together", "text", "popular",
    "together_best", "text_best", "together_newest", "text_newest", "price_apart",
    *OWN, *PERSON, *TRAITS,
)  # fmt: skip
"""Names of the columns, in order."""

PLACE = {name: number for number, name in enumerate(COLUMNS)}

NEVER_DAYS = 999.0
"""Age and place in the history of what is not in it."""

OWN_MISSING = (0.0, NEVER_DAYS, NEVER_DAYS, 0.0, 0.0)
"""The values of `OWN` for what is not in the history."""
