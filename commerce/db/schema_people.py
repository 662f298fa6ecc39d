"""The table of people who were erased; it belongs to `commerce.db.schema`.

* a person is erased once; asked again, the shop gives the same answer
* who it was is known only until it has been carried out everywhere
"""

from sqlalchemy import JSON, BigInteger, Column, String, Table

from commerce.db.schema import Id, metadata

erasures = Table(
    "erasures",
    metadata,
    Column("subject", String(64), primary_key=True),
    Column("person_id", Id, nullable=True),
    Column("erased_ms", BigInteger, nullable=False),
    Column("answer", JSON, nullable=False),
)
