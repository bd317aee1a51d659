import { pino } from "pino";

/** Lines of JSON on standard output. */
export function createLog(level: string) {
  return pino({ level, base: null, redact: ["headers.authorization", "headers['x-api-key']"] });
}

export type Log = ReturnType<typeof createLog>;
