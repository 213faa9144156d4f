// The speed of an upload over its last seconds, and the time that is left at that speed.

const WINDOW_MS = 15_000;
const SURE_AFTER_MS = 1_500;

export interface Pace {
  /** Bytes a second; null until that means something. */
  speed: number | null;
  secondsLeft: number | null;
}

export const NO_PACE: Pace = { speed: null, secondsLeft: null };

export class Speedometer {
  private seen: { at: number; sent: number }[] = [];

  /** Forgets what was seen: after a pause the old speed says nothing. */
  restart() {
    this.seen = [];
  }

  /** `sent` of `total` bytes at the time `at` (milliseconds). */
  note(at: number, sent: number, total: number): Pace {
    // bytes that have to be sent again would count as negative speed
    if (sent < (this.seen.at(-1)?.sent ?? 0)) this.restart();
    this.seen.push({ at, sent });
    while (this.seen.length > 2 && at - (this.seen[1]?.at ?? at) >= WINDOW_MS) this.seen.shift();
    const [first] = this.seen;
    if (first === undefined || at - first.at < SURE_AFTER_MS || sent <= first.sent) return NO_PACE;
    const speed = ((sent - first.sent) * 1000) / (at - first.at);
    return { speed, secondsLeft: (total - sent) / speed };
  }
}
