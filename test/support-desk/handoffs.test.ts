import { expect, it } from "vitest";
import { createContext } from "../../src/fallbacks/core/context.ts";
import { createHandoffs } from "../../src/support/handoffs.ts";
import { createTestAccess } from "../contracts/store-access.ts";

it("keeps each hand-off once, the newest first", async () => {
  const { access, clock } = createTestAccess();
  const context = () => createContext({ clock, requestId: "test", deadlineMs: 5_000 });
  const handoffs = createHandoffs(access, { clock });
  const card = { handoffId: "ho-1", user: "ann", summary: "很生气 😀" };
  await Promise.all([
    handoffs.create(card, { operationId: "one" }, context()),
    handoffs.create(card, { operationId: "one" }, context()),
  ]);
  await clock.advance(1_000);
  await handoffs.create({ user: "bob" }, { operationId: "two" }, context());
  expect(await handoffs.list(10, context())).toEqual([
    {
      handoffId: expect.stringMatching(/^ho_[0-9a-f]{32}$/),
      card: { user: "bob" },
      createdAt: "2026-01-15T10:00:01.000Z",
      status: "waiting",
    },
    { handoffId: "ho-1", card, createdAt: "2026-01-15T10:00:00.000Z", status: "waiting" },
  ]);
  expect(await handoffs.list(1, context())).toHaveLength(1);
});

it("knows a hand-off by its record when the operation id is long forgotten", async () => {
  const before = createTestAccess();
  const after = createTestAccess();
  const context = () => createContext({ clock: after.clock, requestId: "test", deadlineMs: 5_000 });
  await createHandoffs(before.access, before).create({ user: "ann" }, { operationId: "one" }, context());
  const { value } = await before.access.list({ collection: "handoffs", limit: 10 }, context());
  const writes = value.map((record) => ({ kind: "put", collection: "handoffs", ...record }) as const);
  await after.access.commit({ id: "copy", writes }, context());
  await after.clock.advance(1_000);
  const handoffs = createHandoffs(after.access, after);
  await handoffs.create({ user: "ann" }, { operationId: "one" }, context());
  expect(await handoffs.list(10, context())).toHaveLength(1);
});
