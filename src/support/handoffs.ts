import { z } from "zod";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { Json } from "../fallbacks/store/port.ts";
import { Problem } from "../problems.ts";
import { hashOf } from "./operation-number.ts";

export interface Handoff {
  /** That of the card where it has one. */
  readonly handoffId: string;
  readonly card: Json;
  /** ISO time. */
  readonly createdAt: string;
  readonly status: "waiting";
}

/** Conversations that wait for a person. */
export interface Handoffs {
  /** Once for each operation id, however often it is asked for. */
  create(card: Json, options: { readonly operationId: string }, context: CallContext): Promise<void>;
  /** Newest first; `limit` from 1 to 1000. */
  list(limit: number, context: CallContext): Promise<readonly Handoff[]>;
}

const handoffSchema = z.object({
  handoffId: z.string(),
  card: z.custom<Json>((value) => value !== undefined),
  createdAt: z.string(),
  status: z.literal("waiting"),
});

export function createHandoffs(store: StoreAccess, deps: { readonly clock: Clock }): Handoffs {
  return {
    async create(card, { operationId }, context) {
      const operation = hashOf(operationId);
      const createdAt = deps.clock.wall().toISOString();
      const handoff = { handoffId: idOf(card) ?? `ho_${operation}`, card, createdAt, status: "waiting" };
      // A conflict at the first record means that the hand-off is there already, which is all that was asked for.
      await store.commit(
        {
          id: `handoff/${operation}`,
          writes: [
            { kind: "put", collection: "handoffs", key: `operation/${operation}`, value: createdAt, expect: 0 },
            { kind: "put", collection: "handoffs", key: `waiting/${createdAt}/${operation}`, value: handoff },
          ],
        },
        context,
      );
    },
    async list(limit, context) {
      const request = { collection: "handoffs", prefix: "waiting/", reverse: true, limit } as const;
      const { value } = await store.list(request, context);
      return value.map((record) => {
        const parsed = handoffSchema.safeParse(record.value);
        if (parsed.success) return parsed.data;
        throw new Problem("internal", "a stored hand-off cannot be read", { cause: parsed.error });
      });
    },
  };
}

function idOf(card: Json): string | undefined {
  if (typeof card !== "object" || card === null || !("handoffId" in card)) return undefined;
  return typeof card.handoffId === "string" ? card.handoffId : undefined;
}
