"""Stripe as far as a shop with manual capture needs it, with a memory and with faults.

Each behaviour names the public page it follows:

* idempotency: a key replays the first answer, also a 500; another body is a 400 of type
  idempotency_error; a twin in flight is a 409; kept a day. https://docs.stripe.com/api/idempotent_requests
* states of a PaymentIntent. https://docs.stripe.com/payments/paymentintents/lifecycle
* manual and partial capture, amount_capturable and amount_received.
  https://docs.stripe.com/payments/place-a-hold-on-a-payment-method
* refunds; more than is left is refused. https://docs.stripe.com/api/refunds/create
* cancelling. https://docs.stripe.com/api/payment_intents/cancel
* pages of Checkout. https://docs.stripe.com/api/checkout/sessions/object
* saved methods belong to a customer. https://docs.stripe.com/api/payment_methods/object
  and are listed. https://docs.stripe.com/api/payment_methods/customer_list
* errors: see stripe_refusals. Test methods. https://docs.stripe.com/testing
* webhooks: signed, again until they are taken, in any order. https://docs.stripe.com/webhooks
"""

import asyncio
import hashlib
import hmac
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.stand_ins.stripe_refusals import (
    RefusedError,
    check_amount,
    invalid,
    refusal,
    unexpected,
)
from tests.stand_ins.web import Reply, Request, nested

DAY_S = 86_400

DECLINES = {
    "pm_card_chargeDeclined": "generic_decline",
    "pm_card_chargeDeclinedInsufficientFunds": "insufficient_funds",
    "pm_card_chargeDeclinedExpiredCard": "expired_card",
}
ASKS = "pm_card_authenticationRequired"
PAYS = "pm_card_visa"
METHODS = {PAYS, ASKS, *DECLINES}

Faults = list[tuple[str, str, str]]
"""Method, end of the path, and what happens, once: `drop` (nothing done, no answer), `lost` (done,
no answer), `500` (nothing done), `lost500` (done), `429`, `400` (refused, nothing done)."""


@dataclass
class _Answered:
    body: bytes
    path: str
    at_s: int
    reply: Reply | None = None


@dataclass
class StripeServer:
    """The account. `clock` gives seconds since the Unix epoch."""

    clock: Callable[[], int]
    webhook_secret: str = "whsec_stand_in"
    faults: Faults = field(default_factory=list)
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    _keys: dict[str, _Answered] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    # --- HTTP -----------------------------------------------------------------------------------

    async def __call__(self, request: Request) -> Reply | None:
        self.requests.append(request)
        if not request.headers.get("authorization", "").startswith("Bearer sk_"):
            return refusal(RefusedError(401, "invalid_request_error", "No valid API key provided."))
        assert request.headers["stripe-version"]
        fault = self._fault(request)
        if fault == "drop":
            return None
        if fault == "429":
            return refusal(
                RefusedError(429, "invalid_request_error", "Too many", code="rate_limit")
            )
        reply = await self._once(request, fault)
        return None if fault == "lost" else reply

    def _fault(self, request: Request) -> str:
        for entry in self.faults:
            method, path, what = entry
            if request.method == method and request.path.endswith(path):
                self.faults.remove(entry)
                return what
        return ""

    async def _once(self, request: Request, fault: str) -> Reply:
        key = request.headers.get("idempotency-key")
        if key is None or request.method != "POST":
            return self._answer(request, fault)
        known = self._keys.get(key)
        if known is not None and self.clock() - known.at_s < DAY_S:
            if (known.body, known.path) != (request.body, request.path):
                return refusal(
                    RefusedError(
                        400, "idempotency_error", "Keys can only be used with the same parameters."
                    )
                )
            if known.reply is None:
                return refusal(RefusedError(409, "idempotency_error", "A request is in progress."))
            replayed = {**known.reply.headers, "Idempotent-Replayed": "true"}
            return Reply(known.reply.status, known.reply.body, replayed)
        entry = self._keys[key] = _Answered(request.body, request.path, self.clock())
        await asyncio.sleep(0)
        entry.reply = self._answer(request, fault)
        return entry.reply

    def _answer(self, request: Request, fault: str) -> Reply:
        if fault == "400":
            return refusal(invalid("This account cannot do it.", "parameter_unknown"))
        if fault == "500":
            return refusal(RefusedError(500, "api_error", "An error occurred."))
        try:
            body = self._route(request)
        except RefusedError as error:
            return refusal(error)
        if fault == "lost500":
            return refusal(RefusedError(500, "api_error", "An error occurred."))
        return Reply(200, json.loads(json.dumps(body)))

    def _route(self, request: Request) -> Any:
        params = nested(request.body.decode() or request.query)
        parts = tuple(request.path.removeprefix("/v1/").split("/"))
        match (request.method, *parts):
            case ("POST", "payment_intents"):
                return self._create_intent(params)
            case ("POST", "payment_intents", name, action):
                return getattr(self, f"_{action}")(self._find(name), params)
            case ("POST", "refunds"):
                return self._refund(params)
            case ("POST", "customers"):
                return self._put("cus", {"object": "customer", "metadata": params["metadata"]})
            case ("DELETE", "customers", name):
                return self._delete_customer(name)
            case ("POST", "checkout", "sessions"):
                return self._create_session(params)
            case ("POST", "checkout", "sessions", name, "expire"):
                return self._expire(self._find(name))
            case ("GET", "customers", customer, "payment_methods"):
                return self._list("payment_methods", {**params, "customer": customer})
            case ("GET", "payment_methods", name):
                return self._method(name)
            case ("GET", ("payment_intents" | "refunds") as kind):
                return self._list(kind, params)
            case ("GET", *_, name):
                return self._find(name)
        raise invalid(f"Unrecognized request URL {request.path}", "url_invalid", 404)

    # --- objects --------------------------------------------------------------------------------

    def _put(self, prefix: str, content: dict[str, Any]) -> dict[str, Any]:
        made = {"id": f"{prefix}_{next(self._numbers):06d}", "created": self.clock(), **content}
        self.objects[made["id"]] = made
        return made

    def _find(self, name: str) -> dict[str, Any]:
        if name not in self.objects:
            raise invalid(f"No such object: '{name}'", "resource_missing", 404)
        return self.objects[name]

    def _list(self, kind: str, params: dict[str, Any]) -> dict[str, Any]:
        prefix = {"payment_intents": "pi_", "refunds": "re_", "payment_methods": "pm_"}[kind]
        found = [entry for name, entry in self.objects.items() if name.startswith(prefix)][::-1]
        for field_name in {"payment_intent", "customer"} & params.keys():
            found = [e for e in found if e[field_name] == params[field_name]]
        if "starting_after" in params:
            names = [entry["id"] for entry in found]
            found = found[names.index(params["starting_after"]) + 1 :]
        limit = int(params.get("limit", 10))
        return {"object": "list", "data": found[:limit], "has_more": len(found) > limit}

    def _method(self, name: str) -> dict[str, Any]:
        if name in METHODS:
            return {"id": name, "object": "payment_method", "type": "card", "customer": None}
        return self._find(name)

    def _delete_customer(self, name: str) -> dict[str, Any]:
        """With its methods, and for good: https://docs.stripe.com/api/customers/delete"""
        self._find(name)
        kept = [key for key, entry in self.objects.items() if entry.get("customer") == name]
        for key in [name, *(key for key in kept if key.startswith("pm_"))]:
            del self.objects[key]
        return {"id": name, "object": "customer", "deleted": True}

    def keep_method(self, customer: str, like: str = PAYS) -> str:
        """A saved method of a customer, as the payer's page would make it."""
        card = {"brand": "visa", "last4": f"{len(self.objects):04d}"}
        made = self._put(
            "pm",
            {"object": "payment_method", "customer": customer, "like": like, "card": card},
        )
        return str(made["id"])

    # --- intents --------------------------------------------------------------------------------

    def _create_intent(self, params: dict[str, Any]) -> dict[str, Any]:
        check_amount(int(params["amount"]))
        intent = self._put(
            "pi",
            {
                "object": "payment_intent",
                "amount": int(params["amount"]),
                "amount_capturable": 0,
                "amount_received": 0,
                "currency": params["currency"],
                "status": "requires_payment_method",
                "capture_method": params["capture_method"],
                "customer": params.get("customer"),
                "metadata": params.get("metadata", {}),
                "options": params.get("payment_method_options", {}),
                "next_action": None,
                "last_payment_error": None,
            },
        )
        intent["client_secret"] = f"{intent['id']}_secret_stand_in"
        self.tell("payment_intent.created", intent)
        return intent

    def _confirm(self, intent: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
        if intent["status"] not in ("requires_payment_method", "requires_confirmation"):
            raise unexpected(intent)
        method = self._method(params["payment_method"])
        if method["customer"] is not None and method["customer"] != intent["customer"]:
            raise invalid("The method belongs to another customer.", "resource_missing")
        kind = method.get("like", method["id"])
        step_up = intent["options"].get("card", {}).get("request_three_d_secure") == "challenge"
        if kind in DECLINES:
            self.refuse(intent, DECLINES[kind])
            raise RefusedError(
                402,
                "card_error",
                "Your card was declined.",
                code="card_declined",
                decline_code=DECLINES[kind],
                payment_intent=intent,
            )
        if kind == ASKS or step_up:
            intent["status"] = "requires_action"
            intent["next_action"] = {
                "type": "redirect_to_url",
                "redirect_to_url": {
                    "url": f"https://bank.example/{intent['id']}",
                    "return_url": params["return_url"],
                },
            }
            self.tell("payment_intent.requires_action", intent)
            return intent
        return self.promise(intent)

    def refuse(self, intent: dict[str, Any], decline_code: str) -> None:
        """The bank says no."""
        intent["status"], intent["next_action"] = "requires_payment_method", None
        intent["last_payment_error"] = {"code": "card_declined", "decline_code": decline_code}
        self.tell("payment_intent.payment_failed", intent)

    def promise(self, intent: dict[str, Any]) -> dict[str, Any]:
        """The bank says yes: the money can be captured."""
        intent |= {"status": "requires_capture", "next_action": None}
        intent["amount_capturable"] = intent["amount"]
        self.tell("payment_intent.amount_capturable_updated", intent)
        return intent

    def answer_bank(self, intent_id: str, *, approve: bool) -> None:
        """The payer answers on the bank's page."""
        intent = self.objects[intent_id]
        assert intent["status"] in ("requires_action", "requires_payment_method")
        if approve:
            self.promise(intent)
            return
        intent["last_payment_error"] = {"code": "payment_intent_authentication_failure"}
        intent |= {"status": "requires_payment_method", "next_action": None}
        self.tell("payment_intent.payment_failed", intent)

    def _capture(self, intent: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
        if intent["status"] != "requires_capture":
            raise unexpected(intent)
        amount = int(params.get("amount_to_capture", intent["amount_capturable"]))
        if amount > intent["amount_capturable"]:
            raise invalid("More than is capturable.", "amount_too_large")
        intent |= {"status": "succeeded", "amount_capturable": 0, "amount_received": amount}
        self.tell("payment_intent.succeeded", intent)
        return intent

    def _cancel(self, intent: dict[str, Any], _params: dict[str, Any]) -> dict[str, Any]:
        if intent["status"] in ("succeeded", "canceled"):
            raise unexpected(intent)
        intent |= {"status": "canceled", "amount_capturable": 0, "next_action": None}
        self.tell("payment_intent.canceled", intent)
        return intent

    def _refund(self, params: dict[str, Any]) -> dict[str, Any]:
        intent = self._find(params["payment_intent"])
        if intent["status"] != "succeeded":
            raise invalid("There is no successful charge to refund.", "charge_not_refundable")
        back = sum(
            entry["amount"]
            for name, entry in self.objects.items()
            if name.startswith("re_") and entry["payment_intent"] == intent["id"]
        )
        left = intent["amount_received"] - back
        amount = int(params.get("amount", left))
        if left == 0:
            raise invalid("The charge has been refunded.", "charge_already_refunded")
        if amount > left:
            raise invalid(f"Refund amount is greater than {left}.", "amount_too_large")
        made = self._put(
            "re",
            {
                "object": "refund",
                "amount": amount,
                "currency": intent["currency"],
                "payment_intent": intent["id"],
                "status": "succeeded",
                "failure_reason": None,
                "metadata": params.get("metadata", {}),
            },
        )
        self.tell("charge.refunded", intent)
        return made

    # --- pages of Checkout ----------------------------------------------------------------------

    def _create_session(self, params: dict[str, Any]) -> dict[str, Any]:
        price = params["line_items"]["0"]["price_data"]
        check_amount(int(price["unit_amount"]))
        session = self._put(
            "cs",
            {
                "object": "checkout.session",
                "status": "open",
                "amount_total": int(price["unit_amount"]),
                "currency": price["currency"],
                "payment_intent": None,
                "metadata": params["metadata"],
                "data": params["payment_intent_data"],
            },
        )
        session["url"] = f"https://checkout.example/{session['id']}"
        return session

    def _expire(self, session: dict[str, Any]) -> dict[str, Any]:
        if session["status"] != "open":
            raise invalid("Only open sessions can be expired.", "session_not_open")
        session["status"] = "expired"
        return session

    def pay_at_page(self, session_id: str) -> None:
        """The payer pays at the page."""
        session = self.objects[session_id]
        assert session["status"] == "open"
        data = session["data"]
        intent = self._create_intent(
            {
                "amount": session["amount_total"],
                "currency": session["currency"],
                "capture_method": data["capture_method"],
                "metadata": data["metadata"],
            }
        )
        self.promise(intent)
        session |= {"status": "complete", "payment_intent": intent["id"]}
        self.tell("checkout.session.completed", session)

    # --- webhooks -------------------------------------------------------------------------------

    def tell(self, kind: str, about: dict[str, Any]) -> None:
        """Something happened that the shop is to be told, as it is at this moment."""
        self.events.append(
            {
                "id": f"evt_{next(self._numbers):06d}",
                "object": "event",
                "type": kind,
                "created": self.clock(),
                "data": {"object": json.loads(json.dumps(about))},
            }
        )

    def signed(self, event: dict[str, Any], at_s: int | None = None) -> tuple[bytes, str]:
        """Body and Stripe-Signature of a webhook."""
        body = json.dumps(event).encode()
        stamp = self.clock() if at_s is None else at_s
        digest = hmac.new(
            self.webhook_secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256
        ).hexdigest()
        return body, f"t={stamp},v1={digest}"
