import type { CallContext } from "../fallbacks/core/context.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { Json, Write } from "../fallbacks/store/port.ts";
import { hashOf } from "./operation-number.ts";

/** Whose hand-offs are meant: of an owner, or of a session where nobody said who owns it. */
export type Whose = { readonly owner: string } | { readonly sessionId: string };

/** Hand-offs by age, and behind it the hash of the operation: the name of a hand-off in every other row. */
export const WAITING = "waiting/";
export const waitingKey = (createdAt: string, operation: string) => `${WAITING}${createdAt}/${operation}`;

const INDEXED = "indexed";
const PAGE = 200;

/** Whose they are is found by these rows. */
export function rowsOf(whose: Whose): string {
  return "owner" in whose ? `owner/${hashOf(whose.owner)}/` : `session/${hashOf(whose.sessionId)}/`;
}

export function rowOf(whose: Whose, createdAt: string, operation: string): Write {
  const key = `${rowsOf(whose)}${createdAt}/${operation}`;
  return { kind: "put", collection: "handoffs", key, value: null };
}

/** The session that a card names. */
export function sessionOf(card: Json | undefined): string | undefined {
  if (typeof card !== "object" || card === null || !("sessionId" in card)) return undefined;
  return typeof card.sessionId === "string" ? card.sessionId : undefined;
}

/**
 * Hand-offs of before there were such rows get one by the session that they name: once for a store. It may be broken off, and done
 * twice at once, for the rows are the same. Returns whether all have theirs: while another port stands in for the store nothing is done,
 * for it may lack those of other processes.
 */
export async function indexOldHandoffs(
  store: Pick<StoreAccess, "get" | "list" | "commit">,
  context: CallContext,
): Promise<boolean> {
  if ((await store.get("handoffs", INDEXED, context)).value) return true;
  const mark: Write = { kind: "put", collection: "handoffs", key: INDEXED, value: 1 };
  for (let after = WAITING; ; ) {
    const request = { collection: "handoffs", prefix: WAITING, after, limit: PAGE } as const;
    const { value, degraded } = await store.list(request, context);
    if (degraded) return false;
    const rows = value.flatMap(({ key, value: handoff }) => {
      const sessionId = sessionOf(cardWithoutRows(handoff));
      const [createdAt = "", operation = ""] = key.slice(WAITING.length).split("/");
      return sessionId === undefined ? [] : [rowOf({ sessionId }, createdAt, operation)];
    });
    const last = value.at(-1);
    const over = value.length < PAGE;
    // The version of what is first on the page makes the id of each step its own, also in a store that was brought back.
    const id = `handoffs-indexed/${after}/${value[0]?.version ?? 0}/${value.length}`;
    await store.commit({ id, writes: over ? [...rows, mark] : rows }, context).catch((error: unknown) => {
      // Where only the mark cannot be saved all have their rows, and it is looked through again the next time: reads go on.
      if (rows.length > 0) throw error;
    });
    if (over || !last) return true;
    after = last.key;
  }
}

function cardWithoutRows(handoff: Json): Json | undefined {
  if (typeof handoff !== "object" || handoff === null || !("card" in handoff) || "rows" in handoff) return undefined;
  return handoff.card;
}
