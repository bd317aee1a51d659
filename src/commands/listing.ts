import type { ListOrder } from "../rehearsal/client-wire.ts";

/** What commands take that show a list of a running server. */
export const listingOptions = {
  limit: { type: "string" },
  after: { type: "string" },
  url: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

/** Only what was said, as an absent field and an undefined one are different things. */
export function orderOf({ limit, after }: { limit?: string | undefined; after?: string | undefined }): ListOrder {
  return { ...(limit !== undefined && { limit }), ...(after !== undefined && { after }) };
}

/** Somebody else's words on one line, without what a terminal would take for orders. */
export function plainLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, " ").trim();
}

/** How to see what follows; nothing at the end. */
export function nextLine(next: string | null): readonly string[] {
  return next === null ? [] : [`more: --after ${next}`];
}
