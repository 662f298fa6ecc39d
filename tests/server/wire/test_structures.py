"""What client developers are told of structures is what the packages say."""

from recommender.interactions import REASON_CODES
from server.http.schemas import Suggestion
from server.wire.structures import BY_NAME


def test_every_reason_code_is_told_over_both_ways() -> None:
    by_socket = next(f for f in BY_NAME["Item"].fields if f.name == "reason_code")
    by_http = Suggestion.model_fields["reason_code"].description or ""
    for code, meaning in REASON_CODES.items():
        assert f"{code} ({meaning})" in by_socket.doc
        assert f"{code} ({meaning})" in by_http
