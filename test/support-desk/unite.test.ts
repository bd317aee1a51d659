import { expect, it } from "vitest";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import type { Operation, Place, Store } from "../../src/fallbacks/store/port.ts";
import { createHandoffs } from "../../src/support/handoffs.ts";
import { createTickets, type TicketInput, type TicketStatus } from "../../src/support/tickets.ts";
import { createUnite } from "../../src/support/unite.ts";
import { createIds, createTestAccess } from "../contracts/store-access.ts";
import { testContext } from "../support/context.ts";
import { createManualClock } from "../support/manual-clock.ts";

const unite = createUnite();
const clock = createManualClock();
const newId = createIds();

const wish: TicketInput = {
  operationId: "op-1",
  owner: "ann",
  category: "after_sale",
  priority: "high",
  problem: "坏了 😀",
  language: "zh",
};

/** Tickets and hand-offs of a process on its own, and the operations by which it has kept them. */
async function createSide(past: readonly Operation[] = []) {
  const local = createMemoryStore();
  for (const operation of past) await local.commit(operation, testContext());
  const { access } = createTestAccess({ clock, local });
  const operations: Operation[] = [];
  const recorded: typeof access = {
    ...access,
    async commit(operation, context) {
      operations.push(operation);
      return access.commit(operation, context);
    },
  };
  return {
    tickets: createTickets(recorded, { clock, random: () => 0.5 }),
    handoffs: createHandoffs(recorded, { clock }),
    operations,
  };
}

/** Replays as a store access does after a split; the ids are spent on neither side. */
async function replay(store: Store, operations: readonly Operation[]): Promise<void> {
  const context = testContext();
  for (const { writes } of operations) {
    const renamed = { id: newId(), writes };
    if ((await store.commit(renamed, context)).status === "applied") continue;
    const places = writes.map(({ collection, key }): Place => ({ collection, key }));
    const seen = await store.look(places, context);
    const united = unite(renamed, ({ key }) => {
      const found = seen[places.findIndex((place) => place.key === key)];
      if (!found) throw new Error(`${key} is no place of the operation`);
      return found;
    });
    if (!united) throw new Error("it cannot be united");
    expect((await store.commit(united, context)).status).toBe("applied");
  }
}

async function sharedAfter(...sides: readonly { readonly operations: readonly Operation[] }[]) {
  const store = createMemoryStore();
  for (const side of sides) await replay(store, side.operations);
  const { access } = createTestAccess({ clock, local: store });
  return {
    store,
    tickets: createTickets(access, { clock, random: () => 0.5 }),
    handoffs: createHandoffs(access, { clock }),
  };
}

it("one wish that two processes have met is one ticket and one hand-off", async () => {
  const [a, b] = [await createSide(), await createSide()];
  for (const side of [a, b]) {
    await side.tickets.open(wish, testContext());
    await side.handoffs.create({ handoffId: "ho-1" }, { operationId: "op-1" }, testContext());
    await clock.advance(1_000);
  }
  await b.tickets.open({ ...wish, operationId: "op-2" }, testContext());
  const { tickets, handoffs } = await sharedAfter(a, b);
  expect(await tickets.list("ann", 10, testContext())).toHaveLength(2);
  expect(await handoffs.list(10, testContext())).toHaveLength(1);
});

it.each([
  { a: ["processing"], b: ["processing", "resolved"], expected: "resolved" },
  { a: ["processing", "resolved", "closed"], b: ["processing"], expected: "closed" },
] as const)("a ticket that both have moved ($a, $b) is where it got furthest", async ({ a, b, expected }) => {
  const past = await createSide();
  const { ticketId } = await past.tickets.open(wish, testContext());
  const sides = await Promise.all(
    [a, b].map(async (moves: readonly TicketStatus[]) => {
      const side = await createSide(past.operations);
      for (const to of moves) await side.tickets.move("ann", ticketId, to, testContext());
      return side;
    }),
  );
  const { tickets } = await sharedAfter(past, ...sides);
  expect(await tickets.get("ann", ticketId, testContext())).toMatchObject({ status: expected, problem: wish.problem });
});

it("what was deleted stays deleted", async () => {
  const side = await createSide();
  const { ticketId } = await side.tickets.open(wish, testContext());
  await side.handoffs.create({ handoffId: "ho-1" }, { operationId: "op-1" }, testContext());
  const { store } = await sharedAfter(side);
  const places = side.operations.flatMap(({ writes }) => writes.map(({ collection, key }) => ({ collection, key })));
  const writes = places.map((place) => ({ kind: "delete", ...place }) as const);
  await store.commit({ id: "removal", writes }, testContext());
  const late = side.operations.map(({ id, writes: puts }) => ({
    id,
    writes: puts.map((write) => (write.kind === "put" && write.expect === 0 ? { ...write, expect: 1 } : write)),
  }));
  await replay(store, late);
  expect((await store.list({ collection: "handoffs", limit: 10 }, testContext())).length).toBe(0);
  expect(await store.get("tickets", `ticket/${ticketId}`, testContext())).toBeUndefined();
});

it("two wishes under one number, and anything else, are for a person", async () => {
  const put = {
    kind: "put",
    collection: "tickets",
    key: "ticket/TK-1",
    value: { owner: "a", operation: "1" },
  } as const;
  const other = () => ({ version: 1, value: { owner: "a", operation: "2" } });
  expect(unite({ id: "1", writes: [put] }, other)).toBeUndefined();
  expect(unite({ id: "2", writes: [{ ...put, collection: "documents" }] }, other)).toBeUndefined();
  expect(unite({ id: "3", writes: [put, { ...put, collection: "documents" }] }, other)).toBeUndefined();
  expect(unite({ id: "4", writes: [] }, other)).toBeUndefined();
  expect(unite({ id: "5", writes: [{ ...put, key: "owner/a/1" }] }, other)).toBeUndefined();
});
