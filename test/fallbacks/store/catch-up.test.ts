import { describe, expect, it } from "vitest";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import { eachRecord } from "../../../src/fallbacks/store/each-record.ts";
import { createMemoryStore } from "../../../src/fallbacks/store/memory.ts";
import type { Json, Write } from "../../../src/fallbacks/store/port.ts";
import { createTestAccess } from "../../contracts/store-access.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createLinkStore, uniteLists, wrapStore } from "./link-store.ts";

const put = (key: string, value: Json, expected: number): Write => ({
  kind: "put",
  collection: "sessions",
  key,
  value,
  expect: expected,
});

describe("a remote store that is back while writers never pause", () => {
  it.each([
    { what: "what waits fits", writers: 4, conflicts: false },
    { what: "each of what waits must be united", writers: 4, conflicts: true },
  ])("is in step again within a bounded time: $what", async ({ writers, conflicts }) => {
    const clock = createManualClock();
    const shared = createMemoryStore();
    const context = () => createContext({ clock, requestId: "test", deadlineMs: 60_000 });
    /** As far away as Redis on a busy machine; the local store is as fast as the writers are. */
    const slow = wrapStore(shared, "shared", async (call) => {
      await new Promise<void>((resolve) => clock.after(5, resolve));
      return call();
    });
    const link = createLinkStore(slow);
    const { access } = createTestAccess({ clock, remote: link, unite: uniteLists });
    link.state = "refuse";
    const load = { stopped: false };
    const acknowledged: string[] = [];
    const write = async (writer: number) => {
      for (let turn = 0; !load.stopped; turn += 1) {
        const id = `${writer}-${turn}`;
        const key = conflicts ? `talk ${writer}` : id;
        const known = conflicts ? (await access.get("sessions", key, context())).value : undefined;
        const list = Array.isArray(known?.value) ? known.value : [];
        const operation = { id, writes: [put(key, [...list, id], known?.version ?? 0)] };
        if ((await access.commit(operation, context())).value.status === "applied") acknowledged.push(id);
        await new Promise<void>((resolve) => clock.after(40, resolve));
      }
    };
    if (conflicts) {
      for (let writer = 0; writer < writers; writer += 1) {
        const writes = [put(`talk ${writer}`, ["theirs"], 0)];
        await shared.commit({ id: `theirs ${writer}`, writes }, context());
      }
    }
    const writing = Array.from({ length: writers }, (_, writer) => write(writer));
    await clock.advance(200);
    link.state = "up";
    let waited = 0;
    for (; waited < 60_000 && access.status().state !== "ok"; waited += 100) await clock.advance(100);
    const atOnce = acknowledged.length;
    expect(access.status()).toMatchObject({ state: "ok", backlog: null, action: "none" });
    await clock.advance(100);
    // They still do not pause.
    expect(acknowledged.length).toBeGreaterThan(atOnce);
    load.stopped = true;
    await clock.advance(10_000);
    await Promise.all(writing);
    const kept: unknown[] = [];
    const request = { collection: "sessions", prefix: "" } as const;
    await eachRecord(shared, request, context(), ({ value }) => kept.push(...(Array.isArray(value) ? value : [])));
    const ours = kept.filter((id) => id !== "theirs");
    expect(ours).toHaveLength(acknowledged.length);
    expect(new Set(ours)).toEqual(new Set(acknowledged));
  });
});
