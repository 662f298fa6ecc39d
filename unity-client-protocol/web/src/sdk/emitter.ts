/** A small typed event source. Listeners run in the order they were added. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(value: never) => void>>();

  /** Call `listener` for every event of this name; the answer takes it off again. */
  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener as (value: never) => void);
    return () => listeners.delete(listener as (value: never) => void);
  }

  /** Tell everybody. A listener that throws does not keep the news from the others. */
  protected emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        (listener as (value: Events[Name]) => void)(value);
      } catch (error) {
        reportLater(error);
      }
    }
  }
}

/** Surface a listener's fault as an unhandled error, outside the caller's stack. */
function reportLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
