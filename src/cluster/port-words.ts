import { z } from "zod";
import { errorClasses } from "../fallbacks/core/errors.ts";
import type { PortWord } from "../fallbacks/core/share.ts";
import type { Json } from "../fallbacks/store/port.ts";

const ms = z.number().positive();
const errorClass = z.enum(errorClasses);

const wordSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("open"), ms, window: z.string().min(1).max(64), error_class: errorClass.optional() }),
  z.object({ kind: z.literal("well") }),
  z.object({ kind: z.literal("rest"), rest: z.enum(["cooldown", "parked"]), ms, error_class: errorClass }),
  z.object({ kind: z.literal("rested") }),
  z.object({ kind: z.literal("try_now") }),
]);

const messageSchema = z.object({ port: z.string().regex(/^[0-9a-f]{32}$/), word: wordSchema });

type WireWord = z.infer<typeof wordSchema>;

/** A word as others hear it, and as it is kept. */
export function toWire(word: PortWord): WireWord {
  switch (word.kind) {
    case "open": {
      const { kind, window, errorClass: failed } = word;
      return { kind, ms: word.ms, window, ...(failed && { error_class: failed }) };
    }
    case "rest":
      return { kind: word.kind, rest: word.rest, ms: word.ms, error_class: word.errorClass };
    default:
      return word;
  }
}

function fromWire(word: WireWord): PortWord {
  switch (word.kind) {
    case "open":
      return { kind: word.kind, ms: word.ms, window: word.window, errorClass: word.error_class };
    case "rest":
      return { kind: word.kind, rest: word.rest, ms: word.ms, errorClass: word.error_class };
    default:
      return word;
  }
}

/** Undefined: it is no word about a port. */
export function wordOf(value: unknown): PortWord | undefined {
  const parsed = wordSchema.safeParse(value);
  return parsed.success ? fromWire(parsed.data) : undefined;
}

/** A word and the hash of the port that it is about. Undefined: it is none. */
export function messageOf(value: Json): { readonly port: string; readonly word: PortWord } | undefined {
  const parsed = messageSchema.safeParse(value);
  return parsed.success ? { port: parsed.data.port, word: fromWire(parsed.data.word) } : undefined;
}
