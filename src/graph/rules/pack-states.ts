import { z } from "zod";
import { orderStatuses, returnStatuses } from "../../fallbacks/business/port.ts";
import { ticketStatuses } from "../../support/tickets.ts";
import { expressions, matcher } from "./pack-values.ts";

/**
 * What may be said of the state of one kind of record. `yes` are the states of which it is true when it is said, `no` those of
 * which it is false; of the others it may be either. To deny it, as `unsays` does by itself, turns them round.
 */
const claimsOf = <Status extends string>(statuses: readonly Status[]) =>
  z
    .array(
      z.strictObject({
        says: matcher,
        unsays: matcher.exactOptional(),
        yes: z.array(z.enum(statuses)),
        no: z.array(z.enum(statuses)),
      }),
    )
    .min(1);

/** By what it is read which state of a record a sentence tells. */
export const states = z.strictObject({
  /** Names a record of the kind, whether by its own name or by what comes of it: "refund". */
  nouns: z.strictObject({ order: matcher, return: matcher, ticket: matcher }),
  /** Points to others of a list: "the second one", "另一个". */
  others: matcher,
  /** Points to a record that is not the one there is. */
  elsewhere: matcher,
  /** Between what may be told of one record and what may be told of another. */
  joins: expressions,
  /** What follows is only supposed: "if", "once", "如果". */
  supposes: matcher,
  /** What is to come, may be or must be: tells no state. */
  foresees: matcher,
  /** Speaks of all that are like it, or of the time from then on: "usually", "签收后". */
  generalises: matcher,
  /** What the user has said. */
  reports: matcher,
  /** A verb that a part of a sentence has for itself; without one it is read like the part before. Absent: each stands alone. */
  verbs: matcher.exactOptional(),
  order: claimsOf(orderStatuses),
  return: claimsOf(returnStatuses),
  ticket: claimsOf(ticketStatuses),
});
