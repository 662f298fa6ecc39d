/** The embedded test cards. The numbers are impossible ones: they belong to no real card. */

export interface TestCard {
  readonly key: string;
  readonly label: string;
  readonly hint: string;
  readonly method: string;
}

function card(key: string, digit: number, label: string, hint: string): TestCard {
  return { key, label, hint, method: `test:${String(digit).padStart(16, "0")}` };
}

export const TEST_CARDS: readonly TestCard[] = [
  card("success", 1, "Card that works", "Pays at once."),
  card("decline", 2, "Card without funds", "Is declined; try another while the lock lasts."),
  card("challenge", 3, "Card that asks back", "Your bank wants you to approve the payment."),
  card("timeout", 4, "Slow bank, paid", "No answer in time, but the money moved: it is found again."),
  card("timeout-unpaid", 5, "Slow bank, not paid", "No answer in time and no charge; you can try again."),
];

export function cardOf(key: string): TestCard | undefined {
  return TEST_CARDS.find((candidate) => candidate.key === key);
}

/** A random text that nobody guesses; works outside secure contexts too. */
export function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Idempotency keys of payments: one key for one try, however often the button is clicked or the
 * connection drops. Only after an answer the next try gets a new key.
 */
export class PaymentKeys {
  readonly #keys = new Map<string, string>();

  keyFor(checkoutId: string): string {
    const known = this.#keys.get(checkoutId) ?? randomKey();
    this.#keys.set(checkoutId, known);
    return known;
  }

  answered(checkoutId: string): void {
    this.#keys.delete(checkoutId);
  }
}
