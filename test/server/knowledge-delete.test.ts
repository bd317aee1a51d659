import { describe, expect, it } from "vitest";
import { createHarness } from "../retrieval/harness.ts";
import { whileTimePasses } from "../support/while-time-passes.ts";
import { documentsPath, knowledgePath, knowledgeServer } from "./knowledge-rig.ts";
import { gate } from "./test-server.ts";

/** A server over a real knowledge base, whose reading of what says `slow` waits once it is parsed. */
async function server() {
  const { knowledge } = createHarness();
  const way = gate();
  const reached = gate();
  const rig = await knowledgeServer({ knowledge });
  rig.knowledge.reserve = (name, context) => knowledge.reserve(name, context);
  rig.knowledge.add = (document, context, options) =>
    knowledge.add(document, context, {
      ...options,
      async onState(state, chunks) {
        await options?.onState?.(state, chunks);
        if (state !== "parsed" || !String(document.content).includes("slow")) return;
        reached.open();
        await way.opened;
      },
    });
  const add = (content: string, wait = 10) =>
    rig.call("POST", `${documentsPath}?wait=${wait}`, { name: "a.md", content });
  const found = async (query: string) => {
    const { json } = await rig.call("POST", `${knowledgePath}/search`, { query });
    return (json["passages"] as readonly { readonly quote: string }[]).map(({ quote }) => quote);
  };
  return { ...rig, add, found, open: () => way.open(), reached: reached.opened };
}

describe("fault 70: the same document", () => {
  it("deleted while its next version is read: the deletion wins", async () => {
    const { add, call, found, open, reached, process, context } = await server();
    const first = await add("# Lamp\n\nThe lamp is red.\n");
    const [{ document_id } = { document_id: "" }] = first.json["documents"] as readonly { document_id: string }[];
    const begun = await add("# Lamp\n\nThe slow lamp is blue.\n", 0);
    expect(begun.status).toBe(202);
    await reached;
    expect(await found("Which colour is the lamp?")).toEqual([expect.stringContaining("red")]);
    expect((await call("DELETE", `${documentsPath}/${document_id}`)).status).toBe(204);
    open();
    const job = await process.ingestion.wait(begun.json.jobs?.[0]?.job_id ?? "", 1_000, context());
    expect(job).toMatchObject({ state: "failed", failure: { code: "document_superseded" } });
    expect(await found("Which colour is the lamp?")).toEqual([]);
    expect((await call("GET", documentsPath)).json).toEqual({ items: [], next: null });
  });

  it("edited while an older edit is read: the later one stays", async () => {
    const { add, call, found, open, reached, process, context, clock } = await server();
    const slow = await add("# Lamp\n\nThe slow lamp is blue.\n", 0);
    await reached;
    const quick = await add("# Lamp\n\nThe lamp is green.\n", 0);
    open();
    for (const { json } of [slow, quick]) {
      const over = process.ingestion.wait(json.jobs?.[0]?.job_id ?? "", 10_000, context());
      expect(await whileTimePasses(clock, over, 500)).toMatchObject({ failure: null });
    }
    expect(await found("Which colour is the lamp?")).toEqual([expect.stringContaining("green")]);
    expect((await call("GET", documentsPath)).json).toMatchObject({
      items: [{ name: "a.md", version: 2 }],
      next: null,
    });
  });

  it("sent twice: it is one document", async () => {
    const { add, call, clock } = await server();
    const both = Promise.all([add("# Lamp\n\nThe lamp is red.\n"), add("# Lamp\n\nThe lamp is red.\n")]);
    const [one, two] = await whileTimePasses(clock, both, 500);
    expect([one.status, two.status]).toEqual([201, 201]);
    expect(one.json["documents"]).toEqual(two.json["documents"]);
    expect((await call("GET", documentsPath)).json).toMatchObject({ items: [{ version: 1 }], next: null });
  });
});
