"""Folders that many stories share, one after the other: what a folder's database needs once, such
as compiled statements, is kept."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where stories are told."""
    return tmp_path_factory.mktemp("stage")


@pytest.fixture(scope="session")
def unguarded_stage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, for databases without their constraints."""
    return tmp_path_factory.mktemp("unguarded")
