import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import type { Vectors } from "../../src/fallbacks/vectors/port.ts";
import { createScriptedVectors, type Script } from "../fallbacks/vectors/scripted-vectors.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { createHarness } from "./harness.ts";
import { moving } from "./moving.ts";
import { createScriptedModel, type ScriptedModel } from "./scripted-model.ts";

const name = fc.constantFrom("a.md", "b.md", "c.md");
const step = fc.oneof(
  fc.record({
    kind: fc.constant("add" as const),
    name,
    parts: fc.constantFrom(1, 3, 40),
    edition: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ kind: fc.constant("remove" as const), name }),
  fc.record({ kind: fc.constant("ask" as const) }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1, 900, 5_000, 70_000) }),
  fc.record({ kind: fc.constant("remote" as const), script: fc.constantFrom<Script>("up", "refuse", "hang", "half") }),
  fc.record({ kind: fc.constant("wipe" as const) }),
  fc.record({
    kind: fc.constant("model" as const),
    script: fc.constantFrom<ScriptedModel["script"]>("up", "hang", "network", "bad_response", "loading", "missing"),
  }),
  fc.record({ kind: fc.constant("restart" as const) }),
);

function contentOf(parts: number, edition: number): string {
  const part = (at: number) => `## Part ${at}\n\nThe lever of part ${at} is green, says edition ${edition}.\n\n`;
  return Array.from({ length: parts }, (_, at) => part(at)).join("");
}

describe("knowledge under any schedule of outages", () => {
  it("ends with exactly the live passages in both places and both spaces, and the first ports serve", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        const clock = createManualClock();
        const store = createMemoryStore();
        const remote = createScriptedVectors();
        const model = createScriptedModel();
        const start = async () => {
          const harness = createHarness({ clock, store, remote, model });
          await moving(clock, harness.knowledge.load(harness.context()));
          return harness;
        };
        let now = await start();
        const live = new Map<string, string>();
        for (const event of steps) {
          if (event.kind === "remote") remote.script = event.script;
          else if (event.kind === "model") model.script = event.script;
          else if (event.kind === "wipe") remote.wipe();
          else if (event.kind === "wait") await clock.advance(event.ms);
          else if (event.kind === "ask") await moving(clock, now.knowledge.search("green lever", {}, now.context()));
          else if (event.kind === "add") {
            const document = { name: event.name, content: contentOf(event.parts, event.edition) };
            const { documentId } = await moving(clock, now.knowledge.add(document, now.context()));
            live.set(event.name, documentId);
          } else if (event.kind === "remove") {
            const documentId = live.get(event.name);
            if (documentId !== undefined) await moving(clock, now.knowledge.remove(documentId, now.context()));
            live.delete(event.name);
          } else {
            const { knowledge, vectors } = now;
            await moving(clock, knowledge.close());
            await moving(clock, vectors.close());
            now = await start();
          }
        }
        remote.script = "up";
        model.script = "up";
        const { knowledge, vectors, mirror, context, reports } = now;
        for (let round = 0; round < 12; round += 1) {
          await moving(clock, knowledge.search("green lever", {}, context()));
          await clock.advance(61_000);
        }
        const ids: string[] = [];
        for (const chunkId of [...live.values()].flatMap((id) =>
          Array.from({ length: 40 }, (_, at) => `${id}.${at}`),
        )) {
          const found = await knowledge.passage(chunkId, context()).catch(() => undefined);
          if (found?.chunkId === chunkId) ids.push(chunkId);
        }
        expect(ids).toHaveLength(knowledge.chunks);
        const held = async (port: Vectors, space: string) =>
          [...(await port.ids(space, { limit: 1_000 }, context()))].sort();
        for (const space of ["hash-7-512", "model-a"]) {
          expect([space, await held(mirror, space)]).toEqual([space, [...ids].sort()]);
          expect([space, await held(remote.inside, space)]).toEqual([space, [...ids].sort()]);
        }
        const asked = context();
        await moving(clock, knowledge.search("green lever", {}, asked));
        expect(asked.trail.list()).toEqual([]);
        expect(reports).toEqual([]);
        expect(knowledge.embeddingsStatus()).toMatchObject({ state: "ok", by: "model", backlog: null, action: "none" });
        expect(knowledge.vectorsStatus()).toMatchObject({ state: "ok", by: "scripted", backlog: null, action: "none" });
        await moving(clock, knowledge.close());
        await moving(clock, vectors.close());
        expect(clock.pending).toBe(0);
      }),
      { numRuns: 40 },
    );
  });
});
