import type { CallContext } from "../fallbacks/core/context.ts";
import { Problem } from "../problems.ts";
import type { NameRecord } from "./document-names.ts";
import type { DocumentStore } from "./document-store.ts";

/**
 * Of a live version that cannot be read nobody knows whom it was for, and the next one must not be for everybody.
 * @throws {Problem} `store_unavailable`, or `invalid_request` where it will never be read.
 */
export async function refuseUnknownAudience(
  documents: Pick<DocumentStore, "name">,
  now: Pick<NameRecord, "name" | "changes">,
  context: CallContext,
): Promise<void> {
  const { value, whole } = await documents.name(now.name, context);
  // Another instance has replaced it meanwhile: nothing of this can be committed, and it is decided again.
  if ((value?.changes ?? 0) !== now.changes) return;
  if (!whole) {
    throw new Problem("store_unavailable", `who may read ${JSON.stringify(now.name)} cannot be told now`, {
      field: "audience",
    });
  }
  throw new Problem(
    "invalid_request",
    `who may read ${JSON.stringify(now.name)} cannot be told, as its live version cannot be read: audience must be given`,
    { field: "audience" },
  );
}
