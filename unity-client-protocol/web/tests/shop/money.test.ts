import { describe, expect, test } from "vitest";
import { countdown, money, plural } from "../../src/shop/format";
import { cardOf, PaymentKeys, TEST_CARDS } from "../../src/shop/payment";

describe("format", () => {
  test("minor units by currency", () => {
    expect(money(1490, "EUR")).toMatch(/14[.,]90/);
    expect(money(1490, "JPY")).toMatch(/1.?490/);
    expect(money(1490, "not a currency")).toBe("14.90 not a currency");
  });

  test("time left", () => {
    expect([countdown(120_000), countdown(59_001), countdown(1), countdown(0), countdown(-5)]).toEqual([
      "2:00", "1:00", "0:01", "0:00", "0:00",
    ]);
  });

  test("plural", () => {
    expect([plural(1, "item", "items"), plural(0, "item", "items")]).toEqual(["1 item", "0 items"]);
  });
});

describe("payment", () => {
  test("cards are test cards, and no number passes the check of real ones", () => {
    for (const { method } of TEST_CARDS) {
      expect(method).toMatch(/^test:\d{16}$/);
      const digits = [...method.slice(5)].map(Number).reverse();
      const sum = digits.reduce((total, digit, index) => {
        const doubled = index % 2 ? digit * 2 : digit;
        return total + (doubled > 9 ? doubled - 9 : doubled);
      }, 0);
      expect(sum % 10).not.toBe(0);
    }
    expect(cardOf("decline")?.label).toMatch(/funds/);
    expect(cardOf("gold")).toBeUndefined();
  });

  test("one key for one try, a new one for the next", () => {
    const keys = new PaymentKeys();
    const first = keys.keyFor("c");
    expect(keys.keyFor("c")).toBe(first);
    expect(keys.keyFor("d")).not.toBe(first);
    keys.answered("c");
    expect(keys.keyFor("c")).not.toBe(first);
  });
});
