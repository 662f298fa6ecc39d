/**
 * Who this tab is. A page that is loaded again goes on as the same guest: with the cart, the party,
 * what was in the hands and the place in the room. Another tab, or the address opened anew, comes
 * through the door.
 */
import type { GuestSession } from "../sdk";
import type { Entry } from "./visit";

const KEPT = "galleria.guest";

interface Guest {
  readonly search: string;
  readonly entry: Entry;
}

/** Remember, until the tab is closed, who is in and where. */
export function keepGuest(entry: Entry, session: GuestSession, roomId: string): void {
  // Codes and keys have done their work at the door.
  const { name, consent } = entry;
  const guest: Guest = { search: location.search, entry: { name, consent, roomId, session } };
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(guest));
  } catch {
    // Storage is switched off: a page that is loaded again is somebody new.
  }
}

/** Who was in here before the page was loaded again; null when it was opened in another way. */
export function guestComingBack(): Entry | null {
  const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  try {
    const guest = JSON.parse(sessionStorage.getItem(KEPT) ?? "null") as Guest | null;
    const comesBack = navigation?.type === "reload" && guest?.search === location.search;
    return comesBack ? guest.entry : null;
  } catch {
    return null;
  }
}

/** This guest is nobody any more. */
export function forgetGuest(): void {
  try {
    sessionStorage.removeItem(KEPT);
  } catch {
    // Nothing was kept.
  }
}
