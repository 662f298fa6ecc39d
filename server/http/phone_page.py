"""`/pay`: the page on which a phone pays by a code that the headset shows.

It is whole in itself: no script, no image, no other server. It shows what is to be paid and asks;
only the button pays. Opening it twice or pressing the button twice pays once. What was declined
pays nothing: the page asks again, for as long as the code works.
"""

import hashlib
from collections.abc import Mapping
from html import escape
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse

from commerce import CheckoutView, CommerceError
from commerce.money import Money
from commerce.payments.credit import SHORT
from commerce.payments.test_cards import DECLINES, PAYS
from commerce.views import CreditView
from server.errors import GalleriaError
from server.http.dependencies import ServicesHere, address_of
from server.http.problems import note_problem
from server.http.qr import qr_svg
from server.observe.shop import count_payment
from server.services import Services

router = APIRouter(prefix="/pay", include_in_schema=False)

Code = Annotated[str, Path(max_length=32)]

PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

NOT_DONE = "This did not work"
FIELDS_MAX = 8
LINES_SHOWN_MAX = 20

CREDIT, GIFT_CARD = "credit", "gift"
WAYS: Mapping[str, tuple[str, str, str, str]] = {
    "card": ("stripe", "stripe:link", "Card and more", "on a page of Stripe"),
    "wallet": ("solana", "solana:", "Solana wallet", "you approve it in your wallet"),
    "test-good": ("test", PAYS, "Test card that works", "no money moves"),
    "test-bad": ("test", DECLINES, "Test card that is declined", "to see how that goes"),
    CREDIT: ("credit", "credit:", "Store credit", "you have"),
    GIFT_CARD: ("gift", "gift:", "Gift card", "its code:"),
}
"""Ways to pay on the page: provider, payment method, and what people read."""

SHORT_OF_MONEY = (
    "There is not enough on it, and nothing was taken. Choose another way to pay; "
    "in the shop you can pay a part with it."
)
CARD_FIELD = '<input type="text" name="card" maxlength="64" autocomplete="off" aria-label="Code">'

STYLE = """
:root { color-scheme: light; --ink: #2a1c13; --soft: #6d5847; --line: #dacbb8; --accent: #a8442a; }
body { font: 17px/1.5 system-ui, sans-serif; color: var(--ink); background: #2a1c13; margin: 0;
  min-height: 100vh; display: grid; place-items: center; }
main { background: #fffaf1; border-radius: 22px; padding: 26px 28px; margin: 16px;
  width: min(400px, calc(100vw - 88px)); display: grid; gap: 14px; }
h1 { font: 600 24px Georgia, serif; margin: 0; } p, ul { margin: 0; } ul { padding-left: 1.2em; }
.sum { font: 600 34px Georgia, serif; } .soft { color: var(--soft); font-size: 15px; }
form { display: grid; gap: 8px; } label { display: flex; gap: 10px; align-items: center;
  border: 1px solid var(--line); border-radius: 12px; padding: 10px 12px; }
label:has(:checked) { border-color: var(--accent); background: #fdf0e2; }
label small { display: block; color: var(--soft); } input[type=text] { font: inherit; width: 100%;
  border: 1px solid var(--line); border-radius: 8px; padding: 6px 8px; box-sizing: border-box; }
button, a.go { font: inherit; border: 0; border-radius: 12px; padding: 14px; color: #fff;
  background: var(--accent); text-align: center; text-decoration: none; }
:focus-visible { outline: 3px solid #e8a33d; outline-offset: 2px; }
svg { width: 100%; height: auto; } [role=alert] { color: var(--accent); }
"""


@router.get("/{code}")
async def show_payment(code: Code, services: ServicesHere, request: Request) -> HTMLResponse:
    """What is to be paid, and the button."""
    try:
        return _page("Pay with your phone", await _question(services, code))
    except CommerceError as error:
        return _refused(request, error)


@router.post("/{code}")
async def pay(code: Code, services: ServicesHere, request: Request) -> HTMLResponse:
    """The button was pressed."""
    try:
        method, form_version = _read_form(await request.body(), _ways_here(services))
        pressed = f"{form_version}:{method}"
        view = await services.commerce.pay_hand_off(
            code,
            payment_method=method,
            # The same button again is the same payment; on a page that was shown later it is not.
            idempotency_key=f"page-{hashlib.sha256(pressed.encode()).hexdigest()[:16]}",
            address=address_of(request),
        )
    except (CommerceError, GalleriaError) as error:
        note_problem(services.metrics, error)
        page = await _ask_again(services, code, NOT_DONE, error.message)
        page.status_code = error.http_status
        return page
    count_payment(services.metrics, view)
    failure = view.last_failure
    if failure is None or view.order_id is not None:
        return _outcome(view)
    # Here it is all or nothing; in the shop a part can be paid with it.
    said = SHORT_OF_MONEY if failure.code == SHORT else failure.message
    return await _ask_again(services, code, "Not paid", said)


def _ways_here(services: Services) -> list[str]:
    taken = services.settings.payment_settings().providers
    return [way for way, (provider, *_) in WAYS.items() if provider in taken]


def _read_form(body: bytes, ways: list[str]) -> tuple[str, str]:
    """The payment method that the form asks for, and which form it is. Raises
    PAYMENT_METHOD_UNKNOWN."""
    try:
        form = parse_qs(body.decode(), max_num_fields=FIELDS_MAX)
    except ValueError:
        form = {}
    way = form.get("way", [""])[0]
    if way not in ways:
        raise GalleriaError(
            "PAYMENT_METHOD_UNKNOWN", "Choose one of the ways to pay on the page.", {}, 422
        )
    method = WAYS[way][1] + (form.get("card", [""])[0] if way == GIFT_CARD else "")
    return method, form.get("version", [""])[0]


async def _question(services: Services, code: str) -> str:
    """What is to be paid, and the form. Raises HAND_OFF_NOT_FOUND or HAND_OFF_ENDED."""
    view = await services.commerce.open_hand_off(code)
    credit = await services.commerce.credit_of_hand_off(code)
    ways = [way for way in _ways_here(services) if way != CREDIT or credit is not None]
    # At most so many lines are read on a phone; the headset shows all of them.
    bought = [f"<li>{line.quantity} × {escape(line.name)}</li>" for line in view.lines]
    if len(bought) > LINES_SHOWN_MAX:
        bought = [*bought[:LINES_SHOWN_MAX], f"<li>and {len(bought) - LINES_SHOWN_MAX} more</li>"]
    options = [_option(way, credit, chosen=way == ways[0]) for way in ways]
    share = '<p class="soft">Your part of what you buy together:</p>' if view.shares else ""
    return (
        f'{share}<p class="sum">{escape(_amount(view))}</p><ul class="soft">{"".join(bought)}</ul>'
        f'<form method="post"><input type="hidden" name="version" value="{view.version}">'
        f"{''.join(options)}"
        f"<button>Pay {escape(_amount(view))}</button></form>"
        '<p class="soft">You pay only when you press the button. The code pays once.</p>'
    )


def _option(way: str, credit: CreditView | None, *, chosen: bool) -> str:
    _, _, name, hint = WAYS[way]
    if way == CREDIT and credit is not None:
        hint = f"{hint} {Money(credit.available_minor, credit.currency)}"
    text = f"{escape(name)}<small>{escape(hint)}</small>{CARD_FIELD if way == GIFT_CARD else ''}"
    return (
        f'<label><input type="radio" name="way" value="{way}"{" checked" if chosen else ""} '
        f"required><span>{text}</span></label>"
    )


def _amount(view: CheckoutView) -> str:
    return str(Money(view.due_minor or 0, view.currency))


def _outcome(view: CheckoutView) -> HTMLResponse:
    """What came of it."""
    challenge = view.challenge
    if view.order_id is not None:
        return _page("Paid", "<p>Thank you. Put your headset on again: it is yours.</p>")
    if view.in_doubt:
        text = "The bank has not answered yet. We keep asking; the shop shows how it went."
        return _page("One moment", f"<p>{text}</p>")
    if challenge is not None and challenge.url is not None:
        return _go_on(challenge.url, challenge.instructions)
    if challenge is not None:
        return _page("Your bank asks", "<p>Your bank has a question. Answer it in the shop.</p>")
    return _page(
        "Your part is promised",
        "<p>You are charged when everybody has paid their part, and not at all otherwise.</p>",
    )


async def _ask_again(services: Services, code: str, title: str, said: str) -> HTMLResponse:
    """Why it was not paid, and the form again while the code works."""
    content = ""
    try:
        content = await _question(services, code)
    except CommerceError as error:
        if error.message != said:
            note_problem(services.metrics, error)
            content = f'<p class="soft">{escape(error.message)}</p>'
    return _page(title, f'<p role="alert">{escape(said)}</p>{content}')


def _go_on(url: str, instructions: str) -> HTMLResponse:
    """On to the page of a bank, or into a wallet.

    Not by a redirect: browsers hold those that follow a form against the policy of the page.
    """
    address, text = escape(url, quote=True), f"<p>{escape(instructions)}</p>"
    if url.startswith(("https://", "http://")):
        head = f'<meta http-equiv="refresh" content="0;url={address}">'
        return _page("Go on", f'{text}<a class="go" href="{address}">Go on</a>', head)
    if url.startswith("solana:"):
        code = f'{text}{qr_svg(url)}<a class="go" href="{address}">Open my wallet</a>'
        return _page("Pay with your wallet", code)
    raise ValueError("a provider sends payers to an address of an unknown kind")


def _refused(request: Request, error: CommerceError | GalleriaError) -> HTMLResponse:
    note_problem(request.app.state.services.metrics, error)
    page = _page(NOT_DONE, f"<p>{escape(error.message)}</p>")
    page.status_code = error.http_status
    return page


def _page(title: str, content: str, head: str = "") -> HTMLResponse:
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{head}<title>{escape(title)} · Galleria</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{content}</main></body></html>"
    )
    return HTMLResponse(html, headers={"Content-Security-Policy": PAGE_POLICY})
