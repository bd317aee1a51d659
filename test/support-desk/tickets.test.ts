import { beforeEach, describe, expect, it } from "vitest";
import { createContext } from "../../src/fallbacks/core/context.ts";
import type { StoreAccess } from "../../src/fallbacks/store/access.ts";
import { shortNumber } from "../../src/support/operation-number.ts";
import { createTickets, type TicketInput, type Tickets, ticketStatuses } from "../../src/support/tickets.ts";
import { overtaken } from "../contracts/overtaken.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import type { ManualClock } from "../support/manual-clock.ts";
import { whileTimePasses } from "../support/while-time-passes.ts";

const input: TicketInput = {
  operationId: "session/turn/1",
  owner: "ann",
  category: "after_sale",
  priority: "high",
  problem: "It does not start. 打不开 😀",
  language: "en",
};

describe("tickets", () => {
  let clock: ManualClock;
  let access: StoreAccess;
  let tickets: Tickets;
  const context = () => createContext({ clock, requestId: "test", deadlineMs: 5_000 });

  beforeEach(() => {
    ({ clock, access } = createTestAccess());
    tickets = createTickets(access, { clock, random: () => 0.5 });
  });

  it("opens a ticket with a number that can be read out", async () => {
    const ticket = await tickets.open({ ...input, orderId: "LK20260142", contact: "ann@example.com" }, context());
    expect(ticket).toEqual({
      ticketId: expect.stringMatching(/^TK-[0-9A-HJKMNP-TV-Z]{8}$/),
      category: "after_sale",
      priority: "high",
      status: "pending",
      problem: input.problem,
      orderId: "LK20260142",
      contact: "ann@example.com",
      createdAt: "2026-01-15T10:00:00.000Z",
    });
    expect(await tickets.get("ann", ticket.ticketId, context())).toEqual(ticket);
  });

  it("opens one ticket for one operation, also when asked twice at once or later", async () => {
    const [first, second] = await Promise.all([tickets.open(input, context()), tickets.open(input, context())]);
    await clock.advance(60_000);
    const third = await tickets.open({ ...input, problem: "said differently" }, context());
    expect(second).toEqual(first);
    expect(third).toEqual(first);
    expect(await tickets.list("ann", 10, context())).toEqual([first]);
    expect((await tickets.open({ ...input, operationId: "another" }, context())).ticketId).not.toBe(first.ticketId);
  });

  it("takes the next number when the first is taken by another operation", async () => {
    const taken = await tickets.open({ ...input, owner: "bob" }, context());
    const ticket = await tickets.open(input, context());
    expect(taken.ticketId).toBe(`TK-${shortNumber(input.operationId, 0)}`);
    expect(ticket.ticketId).toBe(`TK-${shortNumber(input.operationId, 1)}`);
    expect(await tickets.open(input, context())).toEqual(ticket);
    expect(await tickets.list("bob", 10, context())).toEqual([taken]);
  });

  it("tells another operation of the same owner apart, although it got the same number", async () => {
    const other = await tickets.open({ ...input, operationId: "another", problem: "another" }, context());
    const { value } = await access.get("tickets", `ticket/${other.ticketId}`, context());
    const key = `ticket/TK-${shortNumber(input.operationId, 0)}`;
    const taken = { kind: "put", collection: "tickets", key, value: value?.value ?? null } as const;
    await access.commit({ id: "by chance", writes: [taken] }, context());
    const ticket = await tickets.open(input, context());
    expect(ticket).toMatchObject({ ticketId: `TK-${shortNumber(input.operationId, 1)}`, problem: input.problem });
  });

  it("shows nobody else's tickets", async () => {
    const { ticketId } = await tickets.open(input, context());
    expect(await tickets.get("bob", ticketId, context())).toBeUndefined();
    expect(await tickets.list("bob", 10, context())).toEqual([]);
    expect(await tickets.list("an", 10, context())).toEqual([]);
    await expect(tickets.move("bob", ticketId, "processing", context())).rejects.toMatchObject({ code: "not_found" });
    expect(await tickets.get("ann", "TK-00000000", context())).toBeUndefined();
  });

  it("lists the newest first, as many as asked for", async () => {
    const ids: string[] = [];
    for (let number = 0; number < 4; number += 1) {
      ids.unshift((await tickets.open({ ...input, operationId: `operation ${number}` }, context())).ticketId);
      await clock.advance(1);
    }
    expect((await tickets.list("ann", 3, context())).map((ticket) => ticket.ticketId)).toEqual(ids.slice(0, 3));
  });

  it("is moved although others change it four times meanwhile, and waits a little longer each time", async () => {
    const { ticketId } = await tickets.open(input, context());
    const row = { collection: "tickets", key: `ticket/${ticketId}` } as const;
    const slower = (races: number) => createTickets(overtaken(access, row, races), { clock, random: () => 0 });
    const start = clock.now();
    await slower(1).move("ann", ticketId, "processing", context());
    expect(clock.now()).toBe(start);
    const moved = slower(4).move("ann", ticketId, "resolved", context());
    expect(await whileTimePasses(clock, moved, 1)).toMatchObject({ status: "resolved" });
    expect(clock.now() - start).toBe(5 + 10 + 20);
  });

  it("is opened although others win the race for its number, and waits a little longer each time", async () => {
    let races = 4;
    const losing: StoreAccess = {
      ...access,
      async commit(operation, before) {
        races -= 1;
        const committed = await access.commit(races < 0 ? operation : { id: operation.id, writes: [] }, before);
        return races < 0 ? committed : { ...committed, value: { status: "conflict", key: "ticket/taken" } };
      },
    };
    const start = clock.now();
    const opened = createTickets(losing, { clock, random: () => 0 }).open(input, context());
    expect(await whileTimePasses(clock, opened, 1)).toMatchObject({ status: "pending" });
    expect(clock.now() - start).toBe(5 + 10 + 20);
  });

  it("moves as the table says, and not otherwise", async () => {
    const paths = {
      pending: [],
      processing: ["processing"],
      resolved: ["processing", "resolved"],
      closed: ["processing", "resolved", "processing", "resolved", "closed"],
    } as const;
    const allowed: string[] = [];
    for (const from of ticketStatuses) {
      for (const to of ticketStatuses) {
        const { ticketId } = await tickets.open({ ...input, operationId: `${from} to ${to}` }, context());
        for (const step of paths[from]) await tickets.move("ann", ticketId, step, context());
        const outcome = await tickets.move("ann", ticketId, to, context()).then(
          (ticket) => ticket.status,
          (error: unknown) => error,
        );
        if (outcome === to) allowed.push(`${from} -> ${to}`);
        else expect(outcome).toMatchObject({ code: "invalid_request", field: "status" });
        expect((await tickets.get("ann", ticketId, context()))?.status).toBe(outcome === to ? to : from);
      }
    }
    expect(allowed).toEqual([
      "pending -> processing",
      "processing -> resolved",
      "resolved -> processing",
      "resolved -> closed",
    ]);
  });
});
