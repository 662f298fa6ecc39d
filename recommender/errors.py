"""What can go wrong in the recommender, as one tree with stable codes.

    RecommenderError
    +-- SettingsError             a setting makes no sense
    +-- InvalidInteractionError   an interaction that must not be taken
    +-- InvalidCatalogueError     a product or catalogue that must not be taken
    +-- ArtefactError             a model file that cannot be used
    +-- StoreError                the database did not answer
    +-- FitError                  a refit did not come to an end
    +-- ClosedError               the service is closed

None of these can come out of `for_person` or `for_party`: ranking has a safe answer for everything.
"""

from typing import ClassVar


class RecommenderError(Exception):
    """Base of all errors here.

    Attributes:
        code: stable, for programs. A subclass may be given a narrower one.
        message: one sentence for a person.
        data: what the code is about; JSON-able, without ids of people.
    """

    default_code: ClassVar[str] = "recommender_error"

    def __init__(
        self, message: str, *, code: str | None = None, data: dict[str, object] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code or self.default_code
        self.message = message
        self.data = data or {}


class SettingsError(RecommenderError):
    """A setting is out of its range; `data` has `field` and `value`."""

    default_code = "invalid_recommender_setting"


class InvalidInteractionError(RecommenderError):
    """An interaction has a field out of its range; `data` has `field`. Nothing was taken.

    Codes: `invalid_interaction`, `unknown_position`.
    """

    default_code = "invalid_interaction"


class InvalidCatalogueError(RecommenderError):
    """A product or the catalogue is out of its limits; `data` has `field`. Nothing changed."""

    default_code = "invalid_catalogue"


class ArtefactError(RecommenderError):
    """A model file is cut, altered or of a foreign version. The model in service stays.

    Codes: `artefact_unreadable`, `artefact_version`, `artefact_invalid`, `artefact_too_large`.
    """

    default_code = "artefact_unreadable"


class StoreError(RecommenderError):
    """The database failed; what was to be written is still queued."""

    default_code = "recommender_store_failed"


class FitError(RecommenderError):
    """A refit failed. The model in service stays.

    Codes: `fit_failed`, `fit_timed_out`, `group_tables_invalid`.
    """

    default_code = "fit_failed"


class ClosedError(RecommenderError):
    """The service was closed."""

    default_code = "recommender_closed"
