/** Numbers as people read them. */

const formats = new Map<string, Intl.NumberFormat>();

/** An amount of minor units in the way of the reader's language: 1490 EUR -> €14.90. */
export function money(minor: number, currency: string): string {
  let format = formats.get(currency);
  if (!format) {
    try {
      format = new Intl.NumberFormat(undefined, { style: "currency", currency });
    } catch {
      return `${(minor / 100).toFixed(2)} ${currency}`;
    }
    formats.set(currency, format);
  }
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(minor / 10 ** digits);
}

/** Time left as m:ss; never below 0:00. A started second counts. */
export function countdown(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** One word or the other by number. */
export function plural(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
