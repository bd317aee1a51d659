import { createUnite as uniteConversations } from "../conversations/unite.ts";
import type { Unite } from "../fallbacks/store/access.ts";
import { uniteJobs } from "../jobs/unite-jobs.ts";
import { uniteDocuments } from "../retrieval/unite-documents.ts";
import { createUnite as uniteSupport } from "../support/unite.ts";

/** Each domain unites its own records; what none of them can unite is for a person to look at. */
export function createUnite(): Unite {
  const all = [uniteConversations(), uniteSupport(), uniteJobs, uniteDocuments, dropLeases];
  return (operation, there) => {
    for (const unite of all) {
      const united = unite(operation, there);
      if (united) return united;
    }
    return undefined;
  };
}

/** Whoever has a lease in the shared store has it: what was taken and renewed without seeing that has run out, and is nobody's loss. */
const dropLeases: Unite = ({ id, writes }) => {
  const isLease = writes.every(({ collection, key }) => collection === "meta" && key.startsWith("lease/"));
  return isLease ? { id, writes: [] } : undefined;
};
