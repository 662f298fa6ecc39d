"""Galleria's recommender: live lists for one person and for a party, and the reason for each entry.

    observe(Interaction) -> live profile -> for_person / for_party -> [Recommendation]
                        \\-> queue -> database -> refit in its own process -> model file -> swap

Importing this package loads neither scipy nor scikit-learn; only the fit process does.
"""

from recommender.errors import (
    ArtefactError,
    ClosedError,
    FitError,
    InvalidCatalogueError,
    InvalidInteractionError,
    RecommenderError,
    SettingsError,
    StoreError,
)
from recommender.interactions import ConsentClass, Interaction, Product, Recommendation, Signal
from recommender.refit import FitReport
from recommender.service import RecommenderService
from recommender.settings import FitSettings, LiveSettings, RecommenderSettings

__all__ = [
    "ArtefactError",
    "ClosedError",
    "ConsentClass",
    "FitError",
    "FitReport",
    "FitSettings",
    "Interaction",
    "InvalidCatalogueError",
    "InvalidInteractionError",
    "LiveSettings",
    "Product",
    "Recommendation",
    "RecommenderError",
    "RecommenderService",
    "RecommenderSettings",
    "SettingsError",
    "Signal",
    "StoreError",
]
