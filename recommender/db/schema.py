"""Tables of the recommender. Plain SQL types, so that SQLite and PostgreSQL hold the same.

The consent law stands in the schema: a row that was allowed only without an id cannot have one,
nor a session or party that would lead to one.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

from recommender.interactions import ID_LENGTH_LIMIT

metadata = MetaData()

interaction_table = Table(
    "recommender_interaction",
    metadata,
    # Never reused, not even after the newest row was erased: models remember how far they read.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("person_id", String(ID_LENGTH_LIMIT)),
    Column("product_id", String(ID_LENGTH_LIMIT), nullable=False),
    Column("signal", String(32), nullable=False),
    Column("value", Float, nullable=False),
    Column("occurred_ms", BigInteger, nullable=False),
    Column("consent", String(16), nullable=False),
    Column("party_id", String(ID_LENGTH_LIMIT)),
    Column("session_id", String(ID_LENGTH_LIMIT)),
    Column("slot_id", BigInteger),
    CheckConstraint(
        "(consent = 'personal' AND person_id IS NOT NULL) OR (consent = 'aggregate'"
        " AND person_id IS NULL AND party_id IS NULL AND session_id IS NULL)",
        name="recommender_interaction_consent",
    ),
    CheckConstraint("value >= 0", name="recommender_interaction_value"),
    Index("recommender_interaction_person", "person_id"),
    Index("recommender_interaction_occurred", "occurred_ms"),
    sqlite_autoincrement=True,
)

impression_table = Table(
    "recommender_impression",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("person_id", String(ID_LENGTH_LIMIT)),
    Column("product_id", String(ID_LENGTH_LIMIT), nullable=False),
    Column("surface", String(16), nullable=False),
    Column("place", Integer, nullable=False),
    Column("shown_ms", BigInteger, nullable=False),
    Column("duration_ms", BigInteger, nullable=False),
    Column("explored", Boolean, nullable=False),
    Column("answered", Boolean, nullable=False),
    Column("consent", String(16), nullable=False),
    Column("party_id", String(ID_LENGTH_LIMIT)),
    Column("session_id", String(ID_LENGTH_LIMIT)),
    CheckConstraint(
        "(consent = 'personal' AND person_id IS NOT NULL) OR (consent = 'aggregate'"
        " AND person_id IS NULL AND party_id IS NULL AND session_id IS NULL)",
        name="recommender_impression_consent",
    ),
    CheckConstraint("place >= 0 AND duration_ms >= 0", name="recommender_impression_range"),
    Index("recommender_impression_person", "person_id"),
    Index("recommender_impression_shown", "shown_ms"),
    sqlite_autoincrement=True,
)

preference_table = Table(
    "recommender_preference",
    metadata,
    Column("person_id", String(ID_LENGTH_LIMIT), primary_key=True),
    Column("wishes", Text, nullable=False),  # a JSON object of the fields of Preferences
)

version_table = Table(
    "recommender_schema_version",
    metadata,
    Column("version", Integer, primary_key=True),
)

product_table = Table(
    "recommender_product",
    metadata,
    Column("product_id", String(ID_LENGTH_LIMIT), primary_key=True),
    Column("place", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("brand", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("tags", Text, nullable=False),  # a JSON array of texts
    Column("price_minor", BigInteger, nullable=False),
)
