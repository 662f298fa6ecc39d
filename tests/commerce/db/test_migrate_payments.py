"""What was paid before several payments were possible is still paid afterwards."""

from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from commerce import Commerce
from commerce.db.migrate import upgrade
from tests.commerce.shops import STARTED_MS, TurnedClock, settings_in

OLD = (
    "INSERT INTO carts (id, version, created_ms, updated_ms) VALUES ('cart', 1, 0, 0)",
    """INSERT INTO checkouts (id, cart_id, version, state, locked_by, total_minor, currency,
    quote_hash, locked_ms, expires_ms, released_reason) VALUES
    ('done', 'cart', 3, 'paid', 'ada', 1490, 'EUR', 'h', 0, 1, NULL),
    ('lost', 'cart', 3, 'released', 'ada', 900, 'EUR', 'h', 0, 1, 'payment_failed')""",
    """INSERT INTO payment_attempts (id, checkout_id, number, payer_id, amount_minor, currency,
    state, in_doubt, reference, failure_code, created_ms, updated_ms) VALUES
    ('a-1', 'done', 1, 'ada', 1490, 'EUR', 'captured', false, 'r-1', NULL, 0, 0),
    ('a-2', 'lost', 1, 'ada', 900, 'EUR', 'failed', false, NULL, 'CARD_DECLINED', 0, 0)""",
    """INSERT INTO orders (id, checkout_id, payer_id, status, placed_ms, total_minor, currency)
    VALUES ('order-1', 'done', 'ada', 'paid', 5, 1490, 'EUR')""",
    """INSERT INTO order_timeline (order_id, position, status, at_ms)
    VALUES ('order-1', 1, 'paid', 5)""",
    """INSERT INTO payments (order_id, attempt_id, reference, amount_minor, currency, captured_ms)
    VALUES ('order-1', 'a-1', 'r-1', 1490, 'EUR', 5)""",
)


async def test_payments_are_kept(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    url = settings.database_url.replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url)

    def make_old(connection: Connection) -> None:
        upgrade(connection, "0001")
        for statement in OLD:
            connection.execute(text(statement))

    async with engine.begin() as connection:
        await connection.run_sync(make_old)
    await engine.dispose()

    shop = await Commerce.open(settings, TurnedClock(STARTED_MS))
    (order,) = await shop.orders("ada")
    assert [(p.id, p.amount_minor, p.refunded_minor, p.provider) for p in order.payments] == [
        ("a-1", 1_490, 0, "test")
    ]
    lost = await shop.checkout("ada", "lost")
    assert lost.last_failure is not None
    assert lost.last_failure.code == "PAYMENT_DECLINED"
    # The money can still be given back, as far as the bank knows of it: this one does not.
    (refund,) = await shop.refund("staff", "order-1", idempotency_key="k", amount_minor=490)
    assert refund.state == "failed"
    await shop.close()
