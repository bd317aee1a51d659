import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { createEmbeddedStore } from "../../src/fallbacks/store/embedded.ts";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import { conversationsContract } from "../contracts/conversations.ts";
import { createTestAccess } from "../contracts/store-access.ts";

const root = mkdtempSync(join(tmpdir(), "understudy-conversations-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

conversationsContract("memory", () => createTestAccess());
conversationsContract("embedded", () =>
  createTestAccess({ local: createEmbeddedStore({ directory: mkdtempSync(join(root, "data-")) }) }),
);
conversationsContract("a remote store with a journal", () => {
  const remote = Object.assign(createMemoryStore(), { name: "remote" });
  return createTestAccess({ remote });
});
