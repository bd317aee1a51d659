import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { createEmbeddedStore } from "../../src/fallbacks/store/embedded.ts";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import { collections, type Store } from "../../src/fallbacks/store/port.ts";
import { conversationsContract } from "../contracts/conversations.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { testContext } from "../support/context.ts";
import { newId } from "./rig.ts";

const root = mkdtempSync(join(tmpdir(), "understudy-conversations-"));
const embedded = createEmbeddedStore({ directory: root });
afterAll(async () => {
  await embedded.close?.();
  rmSync(root, { recursive: true, force: true });
});

/** As one that is new: opening a file for each test would take longer than the tests. */
async function emptied(store: Store): Promise<Store> {
  for (const collection of collections) {
    const found = await store.list({ collection, limit: 1_000 }, testContext());
    const writes = found.map(({ key }) => ({ kind: "delete", collection, key }) as const);
    await store.commit({ id: newId(), writes }, testContext());
  }
  return { ...store, close: async () => {} };
}

conversationsContract("memory", () => createTestAccess());
conversationsContract("embedded", async () => createTestAccess({ local: await emptied(embedded) }));
conversationsContract("a remote store with a journal", () => {
  const remote = Object.assign(createMemoryStore(), { name: "remote" });
  return createTestAccess({ remote });
});
