import { createUnite as uniteConversations } from "../conversations/unite.ts";
import type { Unite } from "../fallbacks/store/access.ts";
import { uniteJobs } from "../jobs/unite-jobs.ts";
import { createUnite as uniteSupport } from "../support/unite.ts";

/** Each domain unites its own records; what none of them can unite is for a person to look at. */
export function createUnite(): Unite {
  const all = [uniteConversations(), uniteSupport(), uniteJobs];
  return (operation, there) => {
    for (const unite of all) {
      const united = unite(operation, there);
      if (united) return united;
    }
    return undefined;
  };
}
