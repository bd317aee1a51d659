import { z } from "zod";
import type { Clock, Random } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import { createLostRace } from "../fallbacks/core/lost-race.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { StoredRecord, Write } from "../fallbacks/store/port.ts";
import { Problem } from "../problems.ts";
import { hashOf, shortNumber } from "./operation-number.ts";

export const ticketCategories = ["after_sale", "logistics", "product", "account", "complaint"] as const;
export type TicketCategory = (typeof ticketCategories)[number];
export const ticketPriorities = ["urgent", "high", "medium", "low"] as const;
export type TicketPriority = (typeof ticketPriorities)[number];
export const ticketStatuses = ["pending", "processing", "resolved", "closed"] as const;
export type TicketStatus = (typeof ticketStatuses)[number];

export interface Ticket {
  /** `TK-` and 8 characters that are easy to read out. */
  readonly ticketId: string;
  readonly category: TicketCategory;
  readonly priority: TicketPriority;
  readonly status: TicketStatus;
  readonly problem: string;
  readonly orderId: string | null;
  readonly contact: string | null;
  /** ISO time. */
  readonly createdAt: string;
}

export interface TicketInput {
  /** The same for the same wish of the same user: it opens one ticket, however often it is asked for. */
  readonly operationId: string;
  readonly owner: string;
  readonly category: TicketCategory;
  readonly priority: TicketPriority;
  readonly problem: string;
  readonly orderId?: string;
  readonly contact?: string;
  readonly language: "en" | "zh";
}

/** Tickets of their owners: somebody else's does not exist. */
export interface Tickets {
  open(input: TicketInput, context: CallContext): Promise<Ticket>;
  get(owner: string, ticketId: string, context: CallContext): Promise<Ticket | undefined>;
  /** Newest first; `limit` from 1 to 1000. */
  list(owner: string, limit: number, context: CallContext): Promise<readonly Ticket[]>;
  /**
   * pending -> processing -> resolved -> closed, and resolved -> processing.
   * @throws {Problem} `not_found`; `invalid_request` for any other move.
   */
  move(owner: string, ticketId: string, to: TicketStatus, context: CallContext): Promise<Ticket>;
  /** Every one of the owner, newest first, read page by page as it is asked for. */
  all(owner: string, context: CallContext): AsyncIterable<Ticket>;
  /** Deletes all of the owner, also what cannot be read, in steps, and returns how many. Broken off, the same call goes on. */
  removeAll(owner: string, context: CallContext): Promise<number>;
}

const ATTEMPTS = 5;
const PAGE = 100;

const nextStatuses: Readonly<Record<TicketStatus, readonly TicketStatus[]>> = {
  pending: ["processing"],
  processing: ["resolved"],
  resolved: ["closed", "processing"],
  closed: [],
};

const storedSchema = z.object({
  ticketId: z.string(),
  category: z.enum(ticketCategories),
  priority: z.enum(ticketPriorities),
  status: z.enum(ticketStatuses),
  problem: z.string(),
  orderId: z.string().nullable(),
  contact: z.string().nullable(),
  createdAt: z.string(),
  owner: z.string(),
  operation: z.string(),
  language: z.enum(["en", "zh"]),
});
type Stored = z.infer<typeof storedSchema>;

const ticketKey = (ticketId: string) => `ticket/${ticketId}`;
const ticketsOf = (owner: string) => `owner/${owner}/`;

export interface TicketsDeps {
  readonly clock: Clock;
  readonly random: Random;
}

export function createTickets(store: StoreAccess, { clock, random }: TicketsDeps): Tickets {
  const lostRace = createLostRace({ clock, random });

  async function find(ticketId: string, context: CallContext) {
    const { value } = await store.get("tickets", ticketKey(ticketId), context);
    return value && { stored: read(value), version: value.version };
  }

  async function findOwn(owner: string, ticketId: string, context: CallContext) {
    const found = await find(ticketId, context);
    return found?.stored.owner === hashOf(owner) ? found : undefined;
  }

  /** A page of index rows, with the ids of their tickets. */
  async function page(owner: string, after: string | undefined, context: CallContext) {
    const prefix = ticketsOf(hashOf(owner));
    const start = after === undefined ? {} : { after };
    const request = { collection: "tickets", prefix, reverse: true, limit: PAGE, ...start } as const;
    const { value } = await store.list(request, context);
    return { rows: value, ids: value.map(({ key }) => key.slice(key.lastIndexOf("/") + 1)) };
  }

  async function ofPage(owner: string, ids: readonly string[], context: CallContext): Promise<readonly Ticket[]> {
    const found = await Promise.all(ids.map((ticketId) => findOwn(owner, ticketId, context)));
    return found.flatMap((entry) => (entry ? [ticketOf(entry.stored)] : []));
  }

  /** Of one that cannot be read, the row says whose it is. */
  async function isThere(owner: string, ticketId: string, context: CallContext): Promise<boolean> {
    const { value } = await store.get("tickets", ticketKey(ticketId), context);
    const stored = storedSchema.safeParse(value?.value);
    return value !== undefined && (!stored.success || stored.data.owner === hashOf(owner));
  }

  async function save(stored: Stored, context: CallContext): Promise<boolean> {
    const { ticketId, owner, createdAt } = stored;
    const committed = await store.commit(
      {
        id: `ticket/${owner}/${stored.operation}/${ticketId}`,
        writes: [
          { kind: "put", collection: "tickets", key: ticketKey(ticketId), value: stored, expect: 0 },
          {
            kind: "put",
            collection: "tickets",
            key: `${ticketsOf(owner)}${createdAt}/${ticketId}`,
            value: { ticketId },
          },
        ],
      },
      context,
    );
    return committed.value.status === "applied";
  }

  return {
    async open({ operationId, owner, orderId, contact, ...rest }, context) {
      const names = { owner: hashOf(owner), operation: hashOf(operationId) };
      let derivation = 0;
      let lost = 0;
      // Each round either ends, or has met a number that is taken, or has lost a race for one: which the next round sees.
      for (let attempt = 0; attempt < 2 * ATTEMPTS; attempt += 1) {
        await lostRace.after(lost, context);
        const ticketId = `TK-${shortNumber(operationId, derivation)}`;
        const known = (await find(ticketId, context))?.stored;
        if (known && known.operation === names.operation && known.owner === names.owner) return ticketOf(known);
        if (known) {
          derivation += 1;
          lost = 0;
          continue;
        }
        const stored: Stored = {
          ...rest,
          ...names,
          ticketId,
          status: "pending",
          orderId: orderId ?? null,
          contact: contact ?? null,
          createdAt: clock.wall().toISOString(),
        };
        if (await save(stored, context)) return ticketOf(stored);
        lost += 1;
      }
      throw new LayerError("server", "no free ticket number was found");
    },
    async get(owner, ticketId, context) {
      const found = await findOwn(owner, ticketId, context);
      return found && ticketOf(found.stored);
    },
    async list(owner, limit, context) {
      const prefix = ticketsOf(hashOf(owner));
      const { value } = await store.list({ collection: "tickets", prefix, reverse: true, limit }, context);
      const found = await Promise.all(
        value.map(({ key }) => findOwn(owner, key.slice(key.lastIndexOf("/") + 1), context)),
      );
      return found.flatMap((entry) => (entry ? [ticketOf(entry.stored)] : []));
    },
    async move(owner, ticketId, to, context) {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        await lostRace.after(attempt, context);
        const found = await findOwn(owner, ticketId, context);
        if (!found) throw new Problem("not_found", `there is no ticket ${ticketId}`, { field: "ticket_id" });
        const { status } = found.stored;
        if (!nextStatuses[status].includes(to)) {
          const allowed = nextStatuses[status].join(" or ") || "nothing";
          throw new Problem("invalid_request", `a ticket that is ${status} can become ${allowed}, not ${to}`, {
            field: "status",
          });
        }
        const stored = { ...found.stored, status: to };
        const { value } = await store.commit(
          {
            // The version makes the id of each move its own: a ticket may be resolved more than once.
            id: `ticket-move/${ticketId}/${found.version}/${to}`,
            writes: [
              { kind: "put", collection: "tickets", key: ticketKey(ticketId), value: stored, expect: found.version },
            ],
          },
          context,
        );
        if (value.status === "applied") return ticketOf(stored);
      }
      throw new LayerError("server", `ticket ${ticketId} is being changed by others all the time`);
    },
    async *all(owner, context) {
      for (let after: string | undefined; ; ) {
        const { rows, ids } = await page(owner, after, context);
        yield* await ofPage(owner, ids, context);
        after = rows.at(-1)?.key;
        if (rows.length < PAGE) return;
      }
    },
    async removeAll(owner, context) {
      for (let removed = 0; ; ) {
        const { rows, ids } = await page(owner, undefined, context);
        const [first] = rows;
        if (!first) return removed;
        const there = await Promise.all(ids.map((ticketId) => isThere(owner, ticketId, context)));
        const theirs = ids.filter((_, index) => there[index]);
        const keys = [...rows.map(({ key }) => key), ...theirs.map(ticketKey)];
        const writes = keys.map((key): Write => ({ kind: "delete", collection: "tickets", key }));
        // Its version makes the id of each removal its own.
        await store.commit({ id: `tickets-removed/${first.key}/${first.version}`, writes }, context);
        removed += theirs.length;
      }
    },
  };
}

function read(record: StoredRecord): Stored {
  const parsed = storedSchema.safeParse(record.value);
  if (parsed.success) return parsed.data;
  throw new Problem("internal", "a stored ticket cannot be read", { cause: parsed.error });
}

function ticketOf({ owner: _owner, operation: _operation, language: _language, ...ticket }: Stored): Ticket {
  return ticket;
}
