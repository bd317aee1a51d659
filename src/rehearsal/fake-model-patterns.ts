import { refuseWith } from "./fake-model-refusals.ts";
import type { ModelScript } from "./fake-model-script.ts";
import type { Wait } from "./fake-protocol.ts";

/** Faults with a number in their name. */
interface FaultPattern {
  /** As a list of faults shows it. */
  readonly shown: string;
  /** Its last group is the number; one named `status` may stand before it. */
  readonly pattern: RegExp;
  readonly make: (number: number, status: number) => ModelScript;
}

function waiting(shown: string, form: Wait["form"], toSeconds = (number: number) => number): FaultPattern {
  return {
    shown: `STATUS-${shown}-SECONDS`,
    pattern: new RegExp(`^(?<status>[45]\\d\\d)-${shown}-(-?\\d+(?:\\.\\d+)?)$`),
    make: (number, status) => refuseWith(status, { form, seconds: toSeconds(number) }),
  };
}

/** As `slow-300`, `stall-2`, `500`, `429-retry-after-2`, `503-retry-after-date-60`. */
export const allPatterns: readonly FaultPattern[] = [
  { shown: "slow-MS", pattern: /^slow-(\d+)$/, make: (delayMs) => ({ delayMs }) },
  { shown: "drip-MS", pattern: /^drip-(\d+)$/, make: (dripMs) => ({ dripMs }) },
  { shown: "stall-PIECES", pattern: /^stall-(\d+)$/, make: (breakAfter) => ({ breakAfter, breakWith: "silence" }) },
  { shown: "cut-PIECES", pattern: /^cut-(\d+)$/, make: (breakAfter) => ({ breakAfter, breakWith: "end" }) },
  { shown: "reset-PIECES", pattern: /^reset-(\d+)$/, make: (breakAfter) => ({ breakAfter, breakWith: "reset" }) },
  { shown: "STATUS", pattern: /^([45]\d\d)$/, make: (status) => refuseWith(status) },
  waiting("retry-after", "seconds"),
  waiting("retry-after-date", "date"),
  waiting("retry-after-skewed-date", "skewed"),
  { ...waiting("retry-after-ms", "ms", (ms) => ms / 1_000), shown: "STATUS-retry-after-ms-MS" },
  waiting("ratelimit-reset", "ratelimit"),
  waiting("reset", "reset"),
  waiting("hint", "hint"),
];
