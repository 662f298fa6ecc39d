"""A node of Solana's network as far as a shop asks it: JSON-RPC over transfers that a test makes.

https://solana.com/docs/rpc/http/getsignaturesforaddress (newest first, failed ones too)
https://solana.com/docs/rpc/http/gettransaction (jsonParsed, token balances before and after)
https://solana.com/docs/rpc/http/getsignaturestatuses
"""

import itertools
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.stand_ins.web import Reply, Request

LEVELS = ("processed", "confirmed", "finalized")
WALLET = "4Nd1mYQ2oQ6z9YkJmY8V1xkT1o9jQ9b1Y1ZsVwqkH3sA"


@dataclass
class Transfer:
    """A transaction that sends a token."""

    signature: str
    recipient: str
    mint: str
    amount: int
    references: list[str]
    level: str = "finalized"
    failed: bool = False


@dataclass
class SolanaNode:
    """The network, and whether this node answers: `silent` calls stay unanswered."""

    transfers: list[Transfer] = field(default_factory=list)
    silent: int = 0
    broken: int = 0
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    async def __call__(self, request: Request) -> Reply | None:
        if self.silent:
            self.silent -= 1
            return None
        if self.broken:
            self.broken -= 1
            return Reply(503, {"error": "behind"})
        call = json.loads(request.body)
        answer = getattr(self, f"_{call['method']}")(*call["params"])
        return Reply(200, {"jsonrpc": "2.0", "id": call["id"], "result": answer})

    def pay(self, url: str, **changes: Any) -> Transfer:
        """A wallet pays a transfer request, perhaps not quite as asked."""
        parts = urlsplit(url)
        query = parse_qs(parts.query)
        made = Transfer(
            signature=f"signature{next(self._numbers)}",
            recipient=parts.path,
            mint=query["spl-token"][0],
            amount=round(float(query["amount"][0]) * 10**6),
            references=list(query["reference"]),
        )
        for name, value in changes.items():
            setattr(made, name, value)
        self.transfers.append(made)
        return made

    def _seen(self, transfer: Transfer, commitment: str) -> bool:
        return LEVELS.index(transfer.level) >= LEVELS.index(commitment)

    def _getSignaturesForAddress(  # noqa: N802 - the node's own word
        self, address: str, options: dict[str, Any]
    ) -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = [
            {
                "signature": transfer.signature,
                "err": {"InstructionError": []} if transfer.failed else None,
                "confirmationStatus": transfer.level,
            }
            for transfer in self.transfers
            if address in transfer.references and self._seen(transfer, options["commitment"])
        ]
        return seen[::-1][: options["limit"]]

    def _getTransaction(  # noqa: N802 - the node's own word
        self, signature: str, options: dict[str, Any]
    ) -> dict[str, Any] | None:
        assert options["encoding"] == "jsonParsed"
        for transfer in self.transfers:
            if transfer.signature == signature and self._seen(transfer, options["commitment"]):
                break
        else:
            return None
        keys = [WALLET, transfer.recipient, *transfer.references]
        return {
            "meta": {
                "err": {"InstructionError": []} if transfer.failed else None,
                "preTokenBalances": [_balance(transfer, 5_000_000)],
                "postTokenBalances": [_balance(transfer, 5_000_000 + transfer.amount)],
            },
            "transaction": {"message": {"accountKeys": [{"pubkey": key} for key in keys]}},
        }

    def _getSignatureStatuses(  # noqa: N802 - the node's own word
        self, signatures: list[str], _options: dict[str, Any]
    ) -> dict[str, Any]:
        known = {transfer.signature: transfer for transfer in self.transfers}
        found = [known.get(signature) for signature in signatures]
        return {
            "value": [
                None if entry is None else {"err": None, "confirmationStatus": entry.level}
                for entry in found
            ]
        }


def _balance(transfer: Transfer, amount: int) -> dict[str, Any]:
    return {
        "owner": transfer.recipient,
        "mint": transfer.mint,
        "uiTokenAmount": {"amount": str(amount), "decimals": 6},
    }
