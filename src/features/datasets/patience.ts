// How long to wait before the server is asked again: longer each time, shorter when the network
// comes back.

const PAUSES_MS = [1_000, 2_000, 4_000, 8_000, 15_000];
const LONGEST_MS = 30_000;

export function pauseBefore(attempt: number): number {
  return PAUSES_MS[attempt] ?? LONGEST_MS;
}

/** Resolves after the pause, when the browser is online again, or when `signal` aborts. */
export function waitToTryAgain(attempt: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      window.removeEventListener('online', end);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, pauseBefore(attempt));
    window.addEventListener('online', end);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
