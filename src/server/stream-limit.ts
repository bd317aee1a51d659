import { Problem } from "../problems.ts";

/**
 * Counts the streams that each caller has open: each is a connection that may stay for hours.
 * @param most of one caller, from 1.
 * @param what the streams are of, as the caller is told.
 * @returns what enters a caller and returns how it leaves. @throws {Problem} `rate_limited`.
 */
export function createStreamLimit(most: number, what: string): (callerKey: string) => () => void {
  const open = new Map<string, number>();
  return (callerKey) => {
    const count = open.get(callerKey) ?? 0;
    if (count >= most) {
      const detail = `${most} streams of ${what} are open for you, which is as many as may.`;
      throw new Problem("rate_limited", detail, { retryAfterS: 1 });
    }
    open.set(callerKey, count + 1);
    return () => {
      const others = (open.get(callerKey) ?? 1) - 1;
      if (others === 0) open.delete(callerKey);
      else open.set(callerKey, others);
    };
  };
}
