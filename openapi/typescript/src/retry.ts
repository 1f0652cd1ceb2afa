// When to try again: exponential, with full jitter, so that many clients do not come back together.

const BASE_MS = 500;
const CAP_MS = 8_000;
/** Who asks for a longer wait than this is left to the caller. */
export const LONGEST_WAIT_MS = 60_000;

/** Time and chance, which tests set. */
export interface Ambient {
  now(): number;
  random(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const AMBIENT: Ambient = {
  now: () => Date.now(),
  random: () => Math.random(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, ms);
      signal?.addEventListener("abort", stop, { once: true });
    }),
};

/** How long to wait before try `attempt + 1`; attempts count from 0. */
export function backoff(attempt: number, random: () => number): number {
  return random() * Math.min(CAP_MS, BASE_MS * 2 ** attempt);
}

/** What `Retry-After` asks for, in ms: seconds, or a date. */
export function retryAfter(headers: Headers, now: number): number | undefined {
  const text = headers.get("retry-after")?.trim();
  if (!text) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
