"""Simulated shoppers: what no public data has (gaze, hand-over, co-display, exploration), measured.

    shoppers  people with tastes, stated wishes, price limits and boredom, and a shop for them
    visits    parties walk past a shelf that the real service fills, look, talk and add
    studies   the same people under two or more rules, compared visit by visit
    command   `galleria recommender simulate`

Everything here is made up, and says nothing of how large an effect is in a real store. It tells
whether a rule does what it is for when people are as `shoppers` says, and what it costs.
"""
