import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import type { Store } from "../../src/fallbacks/store/port.ts";
import { createHarness, type Harness } from "./harness.ts";
import { storedDocuments } from "./stored-documents.ts";

const HASH = "hash-7-512";
const seal = (years: number | string) => ({
  name: "pump.md",
  content: `# Pump\n\nThe seal of the pump lasts ${years} years.\n`,
});

async function answer({ knowledge, context }: Harness): Promise<string> {
  const { sentences } = await knowledge.search("How many years does the seal of the pump last?", {}, context());
  return sentences.map(({ quote }) => /lasts (\w+) years/.exec(quote)?.[1] ?? "").join();
}

const names = ["a.md", "b.md"];
const step = fc.record({
  at: fc.nat(1),
  kind: fc.constantFrom("add", "add", "add", "remove", "rollback", "search"),
  name: fc.constantFrom(...names),
  edition: fc.integer({ min: 1, max: 3 }),
  /** Turns of the event loop before the next one begins. */
  pause: fc.nat(6),
});

describe("any schedule of changes in two instances", () => {
  it("leaves one live version of each name, the same for both, and nothing besides", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 14 }),
        fc.array(fc.nat(3), { minLength: 1 }),
        async (steps, lags) => {
          const store = createLaggingStore(lags);
          const instances = [1, 2].map(() => createHarness({ store, options: { shared: true } })) as [Harness, Harness];
          const allowed = new Set(["document_superseded", "document_not_found", "invalid_request"]);
          const running: Promise<unknown>[] = [];
          const acknowledged = new Set<string>();
          const removed = new Set(steps.filter(({ kind }) => kind === "remove").map(({ name }) => name));
          for (const { at, kind, name, edition, pause } of steps) {
            const { knowledge, context } = instances[at] as Harness;
            const change = async () => {
              if (kind === "add") {
                const info = await knowledge.add(
                  { name, content: `# ${name}\n\nEdition ${edition} of ${name}.` },
                  context(),
                );
                if (!removed.has(name)) acknowledged.add(info.documentId);
                return;
              }
              if (kind === "search") {
                await knowledge.search("Which edition?", {}, context());
                return;
              }
              const listed = await knowledge.list({ limit: 10 }, context());
              const { documentId = "doc_none" } = listed.items.find((info) => info.name === name) ?? {};
              if (kind === "remove") return knowledge.remove(documentId, context());
              return knowledge.rollback(documentId, undefined, context());
            };
            running.push(
              change().catch((error: { readonly code?: string }) => {
                if (!allowed.has(error.code ?? "")) throw error;
              }),
            );
            for (let turn = 0; turn < pause; turn += 1) await new Promise((resolve) => setImmediate(resolve));
          }
          await Promise.all(running);
          const live = await storedDocuments(store, instances[0].context());
          for (const { knowledge, context, mirror, reports } of instances) {
            const { items } = await knowledge.list({ limit: 10 }, context());
            expect(new Map(items.map(({ name, documentId }) => [name, documentId]))).toEqual(live);
            expect(knowledge.documents).toBe(live.size);
            const ids = [...live.values()].map((documentId) => `${documentId}.0`).sort();
            expect([...(await mirror.ids(HASH, { limit: 100 }, context()))].sort()).toEqual(ids);
            // Acknowledged is kept, live or not.
            for (const documentId of acknowledged)
              expect((await knowledge.get(documentId, context())).documentId).toBe(documentId);
            expect(reports).toEqual([]);
            await knowledge.close();
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it("a search sees one version of a document at any time, never both and never none", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(3), { minLength: 1 }),
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 }),
        async (lags, editions) => {
          const harness = createHarness({ store: createLaggingStore(lags) });
          const { knowledge, context } = harness;
          await knowledge.add(seal(9), context());
          const state = { ended: false };
          const changing = (async () => {
            for (const edition of editions) {
              const { items } = await knowledge.list({ limit: 1 }, context());
              // 0: back to the version before, if there is one.
              if (edition > 0) await knowledge.add(seal(edition), context());
              else await knowledge.rollback(items[0]?.documentId ?? "", undefined, context()).catch(() => undefined);
            }
          })().finally(() => {
            state.ended = true;
          });
          while (!state.ended) {
            await new Promise((resolve) => setImmediate(resolve));
            expect([knowledge.documents, knowledge.chunks]).toEqual([1, 1]);
            expect(await answer(harness)).toMatch(/^\d$/);
          }
          await changing;
        },
      ),
      { numRuns: 50 },
    );
  });
});

/** A memory store that answers each call some turns of the event loop later. */
function createLaggingStore(lags: readonly number[]): Store {
  const store = createMemoryStore();
  let calls = 0;
  const lag = async () => {
    calls += 1;
    for (let turn = lags[calls % lags.length] ?? 0; turn > 0; turn -= 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return {
    ...store,
    async commit(operation, context) {
      await lag();
      const committed = await store.commit(operation, context);
      await lag();
      return committed;
    },
    async get(collection, key, context) {
      const record = await store.get(collection, key, context);
      await lag();
      return record;
    },
    async list(request, context) {
      const records = await store.list(request, context);
      await lag();
      return records;
    },
  };
}
