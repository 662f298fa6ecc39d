/**
 * Requests that wait for their answer, and the order of reliable events: the part of a session that
 * lives on while connections come and go. Pure: it sends nothing and knows no socket.
 */
import type { Body } from "./codec";
import { ConnectionLost, GalleriaError, ProtocolViolation, RequestRefused } from "./errors";
import type { AnswerBody, ErrorBody } from "./messages";

/** Requests that may wait at once; one more is refused here instead of flooding the server. */
export const PENDING_MAX = 256;

export interface Waiting {
  readonly id: number;
  readonly number: number;
  readonly body: Body;
  readonly resolve: (answer: Record<string, unknown>) => void;
  readonly reject: (error: GalleriaError) => void;
}

/** Requests by id. Ids grow and are never used twice in a session. */
export class PendingRequests {
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  /** Register a request and give it an id. */
  open(number: number, body: Body): { waiting: Waiting; answer: Promise<Record<string, unknown>> } {
    if (this.#waiting.size >= PENDING_MAX) {
      throw new GalleriaError("BUSY", "Too many requests wait for an answer; try again.");
    }
    const id = this.#nextId;
    this.#nextId += 1;
    let waiting: Waiting | undefined;
    const answer = new Promise<Record<string, unknown>>((resolve, reject) => {
      waiting = { id, number, body, resolve, reject };
    });
    this.#waiting.set(id, waiting!);
    return { waiting: waiting!, answer };
  }

  /** Take the good answer; false when nobody waits for it. */
  answered(answer: AnswerBody): boolean {
    const waiting = this.#take(answer.request_id);
    waiting?.resolve(answer.body);
    return waiting !== undefined;
  }

  /** Take the bad answer; false when nobody waits for it. */
  refused(error: ErrorBody): boolean {
    const waiting = this.#take(error.request_id);
    waiting?.reject(new RequestRefused(error.code, error.message, error.data ?? {}));
    return waiting !== undefined;
  }

  /** Requests that the server cannot have seen, oldest first: send them again after a resume. */
  after(lastRequestId: number): Waiting[] {
    return [...this.#waiting.values()].filter((waiting) => waiting.id > lastRequestId);
  }

  /** The session is gone: nobody will answer. */
  abandon(reason: string): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#nextId = 1;
    for (const { reject } of waiting) reject(new ConnectionLost("SESSION_LOST", reason));
  }

  get size(): number {
    return this.#waiting.size;
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}

/** Reliable events are numbered 1, 2, 3, ... in a session. */
export class ReliableOrder {
  #lastSeq = 0;
  #ackedSeq = 0;

  /** True: new, handle it. False: seen before. Throws ProtocolViolation when one is missing. */
  accept(seq: number): boolean {
    if (seq <= this.#lastSeq) return false;
    if (seq !== this.#lastSeq + 1) {
      throw new ProtocolViolation("SEQUENCE_GAP", "Reliable events are missing; resuming.", {
        expected: this.#lastSeq + 1,
        seq,
      });
    }
    this.#lastSeq = seq;
    return true;
  }

  /** Newest sequence number seen. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Events seen and not acknowledged yet. */
  get unacknowledged(): number {
    return this.#lastSeq - this.#ackedSeq;
  }

  acknowledged(): void {
    this.#ackedSeq = this.#lastSeq;
  }

  /** A fresh session starts to count anew. */
  reset(): void {
    this.#lastSeq = 0;
    this.#ackedSeq = 0;
  }
}
