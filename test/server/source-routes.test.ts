import { describe, expect, it } from "vitest";
import { roles } from "../../src/accounts/roles.ts";
import { knowledgeServer } from "./knowledge-rig.ts";
import { passage } from "./test-server.ts";

describe("GET /api/v1/sources/{chunk_id}", () => {
  it("shows the passage behind a source to whoever may read it, and where it comes from", async () => {
    const asked: unknown[] = [];
    const { call } = await knowledgeServer({
      knowledge: {
        async passage(chunkId, context) {
          asked.push([chunkId, [...context.roles].sort()]);
          return Object.assign({ url: "https://shop.example/returns" }, passage);
        },
      },
    });
    expect((await call("GET", "/api/v1/sources/doc_1.0")).json).toEqual({
      document_id: "doc_1",
      title: "Returns",
      heading: "Window",
      chunk_id: "doc_1.0",
      start: 0,
      end: 7,
      quote: "30 days",
      url: "https://shop.example/returns",
    });
    expect(asked).toEqual([["doc_1.0", [...roles].sort()]]);
  });

  it("says the same of what is not there and of what may not be read", async () => {
    const { call } = await knowledgeServer();
    expect(await call("GET", "/api/v1/sources/doc_9.0")).toMatchObject({
      status: 404,
      json: { code: "passage_not_found" },
    });
  });
});
