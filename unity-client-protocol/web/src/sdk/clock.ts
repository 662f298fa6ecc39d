/**
 * Server time from four timestamps (the on-wire arithmetic of NTP, RFC 5905 section 8).
 *
 * A question leaves at t0 and its answer arrives at t3, both on our clock; the server saw it at t1
 * and answered at t2, both on its own. Then
 *
 *     round trip = (t3 - t0) - (t2 - t1)
 *     offset     = ((t1 - t0) + (t2 - t3)) / 2     (server clock less ours)
 *
 * The offset is wrong by at most half the round trip, so only the quicker half of the newest
 * samples counts, and of those the median: one late packet moves nothing.
 */

/** How many exchanges are remembered. At one in 4 s that is about a minute. */
const SAMPLES_KEPT = 16;

interface Sample {
  readonly offsetMs: number;
  readonly roundTripMs: number;
}

export class ServerClock {
  readonly #samples: Sample[] = [];
  #offsetMs = 0;
  #roundTripMs = 0;

  /** `localMs` reads our clock: ms since the Unix epoch, steadily growing. */
  constructor(private readonly localMs: () => number) {}

  /** Take one exchange; all times in ms. One that went backwards is not used. */
  add(sentMs: number, receivedMs: number, answeredMs: number, arrivedMs: number): void {
    const roundTripMs = arrivedMs - sentMs - (answeredMs - receivedMs);
    if (!(roundTripMs >= 0)) return;
    const offsetMs = (receivedMs - sentMs + (answeredMs - arrivedMs)) / 2;
    this.#samples.push({ offsetMs, roundTripMs });
    if (this.#samples.length > SAMPLES_KEPT) this.#samples.shift();
    const quickest = [...this.#samples].sort((a, b) => a.roundTripMs - b.roundTripMs);
    const half = quickest.slice(0, Math.ceil(quickest.length / 2));
    this.#roundTripMs = half[0]!.roundTripMs;
    this.#offsetMs = median(half.map((sample) => sample.offsetMs));
  }

  /** A first guess from a message that carries server time; only used until the first exchange. */
  guess(serverMs: number): void {
    if (this.#samples.length === 0) this.#offsetMs = serverMs - this.localMs();
  }

  /** Server time now, ms since the Unix epoch. */
  now(): number {
    return this.localMs() + this.#offsetMs;
  }

  /** Quickest round trip of the newest exchanges, ms; 0 before the first. */
  get roundTripMs(): number {
    return this.#roundTripMs;
  }

  /** Exchanges taken into account. */
  get samples(): number {
    return this.#samples.length;
  }
}

/** A wall clock that never goes back: wall time at load plus monotonic progress. */
export function steadyClock(): () => number {
  const origin = Date.now() - performance.now();
  return () => origin + performance.now();
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
