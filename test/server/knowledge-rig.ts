import { onTestFinished } from "vitest";
import { Problem } from "../../src/problems.ts";
import type { Knowledge } from "../../src/retrieval/knowledge.ts";
import { createHttpServer } from "../../src/server/create-server.ts";
import { documentNamed, ingestRig } from "../ingestion/ingest-rig.ts";
import { openDeps } from "./open-deps.ts";
import { recordingLog, type ServerChange } from "./test-server.ts";

export const knowledgePath = "/api/v1/knowledge";
export const documentsPath = `${knowledgePath}/documents`;

const notThere = () => Promise.reject(new Problem("document_not_found", "There is no such document."));

/** What a knowledge base does besides taking documents: it has one, and finds nothing. */
function restOfKnowledge(): Omit<Knowledge, "add" | "reserve"> {
  const document = documentNamed("returns.md");
  return {
    revision: 1,
    documents: 1,
    chunks: 3,
    remove: async () => {},
    list: async () => ({ items: [document], next: null }),
    get: async () => ({ ...document, text: "# Returns" }),
    versions: async () => [{ ...document, live: true, liveAt: document.addedAt }],
    diff: async () => [{ kind: "same", text: "a" }],
    rollback: async () => document,
    passage: async () => {
      throw new Problem("passage_not_found", "There is no such passage.");
    },
    search: async () => ({ passages: [], answerable: false, confidence: 0, sentences: [], reading: [], related: [] }),
    trial: notThere,
    conflicts: async () => ({ items: [], next: null }),
    settings: async () => ({ k: 5, scoreThreshold: 0.05 }),
    configure: notThere,
  };
}

/** An answer, of which a test says what it expects. */
export type Json = Readonly<Record<string, unknown>> & {
  readonly jobs?: readonly { readonly job_id: string; readonly name: string; readonly state: string }[];
};

export interface KnowledgeRigOptions {
  readonly knowledge?: Partial<Knowledge>;
  readonly server?: ServerChange;
  /** Largest body with documents; default 1 MB. */
  readonly documentBytes?: number;
}

/** A server over real jobs and uploads in memory, on a clock that stands still; its knowledge base is scripted. */
export async function knowledgeServer({
  knowledge = {},
  server: change = {},
  documentBytes,
}: KnowledgeRigOptions = {}) {
  const rig = ingestRig();
  const process = rig.start();
  const all: Knowledge = { ...restOfKnowledge(), add: rig.knowledge.add, reserve: rig.knowledge.reserve, ...knowledge };
  const log = recordingLog();
  const { settings, ...deps } = openDeps({ clock: rig.clock, knowledge: all, log });
  const maxBodyBytes = { chat: 10_000, documents: documentBytes ?? 1_000_000 };
  const whole = {
    ...deps,
    ...change,
    ingestion: process.ingestion,
    settings: { ...settings, maxBodyBytes, ...change.settings },
  };
  const server = createHttpServer(whole);
  const { url, port } = await server.listen(0);
  onTestFinished(async () => void (await server.close(0)));

  /** Sends JSON, or a form, or nothing. */
  async function call(method: string, path: string, body?: object) {
    const form = body instanceof FormData;
    const response = await fetch(url + path, {
      method,
      ...(body && { body: form ? body : JSON.stringify(body) }),
      ...(body && !form && { headers: { "content-type": "application/json" } }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, json: (text === "" ? {} : JSON.parse(text)) as Json };
  }

  return { ...rig, process, server, log, url, port, call };
}

/** A form with these files and fields. */
export function form(
  files: readonly (readonly [name: string, content: string | Uint8Array<ArrayBuffer>])[],
  fields: readonly (readonly [name: string, value: string])[] = [],
): FormData {
  const data = new FormData();
  for (const [name, value] of fields) data.append(name, value);
  for (const [name, content] of files) data.append("file", new Blob([content]), name);
  return data;
}
