import type { Wait } from "./fake-protocol.ts";

const HOUR_MS = 3_600_000;

/**
 * The headers that say when to come again, and by which clock. What a provider says in headers of its own (`reset`) or in
 * words (`hint`) is its own file's.
 */
export function waitHeaders(wait: Wait | undefined, wall: Date): Readonly<Record<string, string>> {
  const at = (now: number) => new Date(now + (wait?.seconds ?? 0) * 1_000).toUTCString();
  const now = wall.getTime();
  switch (wait?.form) {
    case "seconds":
      return { "retry-after": String(wait.seconds) };
    case "ms":
      return { "retry-after-ms": String(wait.seconds * 1_000) };
    case "date":
      return { "retry-after": at(now) };
    case "skewed":
      return { date: new Date(now + HOUR_MS).toUTCString(), "retry-after": at(now + HOUR_MS) };
    case "ratelimit":
      return { "ratelimit-limit": "3", "ratelimit-remaining": "0", "ratelimit-reset": String(wait.seconds) };
    case "reset":
    case "hint":
    case undefined:
      return {};
  }
}

/** A length of time as OpenAI and Groq write it: `120ms`, `1.2s`, `6m30s`. */
export function durationText(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1_000)}ms`;
  const minutes = Math.floor(seconds / 60);
  const rest = Math.round((seconds - minutes * 60) * 1_000) / 1_000;
  return minutes === 0 ? `${rest}s` : `${minutes}m${rest}s`;
}
