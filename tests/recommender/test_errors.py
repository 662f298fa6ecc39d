"""Errors: stable codes, a sentence, data."""

import recommender.errors as errors
from recommender.errors import FitError, RecommenderError


def test_every_error_is_one_of_ours_and_has_its_own_code() -> None:
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, RecommenderError)
    ]
    codes = [kind.default_code for kind in kinds]
    assert len(kinds) == 8
    assert len(set(codes)) == len(codes)


def test_an_error_carries_sentence_code_and_data() -> None:
    error = FitError("It took too long.", code="fit_timed_out", data={"timeout_ms": 5})
    assert (str(error), error.message) == ("It took too long.", "It took too long.")
    assert error.code == "fit_timed_out"
    assert error.data == {"timeout_ms": 5}
    assert FitError("x").code == "fit_failed"
