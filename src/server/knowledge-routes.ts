import { z } from "zod";
import type { Problem } from "../problems.ts";
import type { DocumentInfo, NewDocument } from "../retrieval/knowledge.ts";
import { jsonBody } from "./body.ts";
import { idSchema, sourceSchema, timeSchema } from "./chat-schemas.ts";
import { pageOf, pageQuery, pageSchema } from "./paging.ts";
import { reportProblem } from "./problem-handler.ts";
import { problemOf } from "./problem-json.ts";
import { type Admitted, defineRoute, type Route } from "./route.ts";
import type { ServerDeps } from "./server-deps.ts";
import { documentsBody } from "./upload.ts";
import { ProblemList } from "./validation.ts";
import { toWire } from "./wire.ts";

const documentSchema = z.object({
  document_id: z.string(),
  name: z.string(),
  title: z.string(),
  chunks: z.int(),
  characters: z.int(),
  added_at: timeSchema,
});

const addedSchema = z.object({
  documents: z.array(documentSchema),
  failed: z.array(z.object({ name: z.string(), code: z.string(), detail: z.string() })),
});

const rankSchema = z.int().nullable();

const searchResultSchema = z.object({
  passages: z
    .array(
      sourceSchema.extend({
        stages: z.object({
          vector_rank: rankSchema,
          lexical_rank: rankSchema,
          fused: z.number(),
          reranked: z.number(),
        }),
      }),
    )
    .readonly(),
  answerable: z.boolean(),
  confidence: z.number(),
  sentences: z.array(sourceSchema).readonly(),
});

const searchSchema = z.strictObject({
  query: z.string().min(1).max(2_000),
  k: z.int().min(1).max(20).optional(),
});

const params = z.strictObject({ document_id: idSchema });
const documents = "/api/v1/knowledge/documents";

export function knowledgeRoutes(deps: ServerDeps): readonly Route[] {
  const { knowledge, settings } = deps;
  return [
    defineRoute({
      method: "get",
      path: documents,
      role: "admin",
      summary: "The documents that answers come from",
      query: pageQuery,
      answer: { status: 200, description: "A page of documents", schema: pageSchema(documentSchema) },
      async handle({ query, context }) {
        return { json: toWire(await knowledge.list(pageOf(query), context)) };
      },
    }),
    defineRoute({
      method: "post",
      path: documents,
      role: "admin",
      summary: "Add documents; a broken one does not stop the others",
      body: documentsBody(settings.maxBodyBytes.documents),
      answer: { status: 201, description: "What was added, and what was not and why", schema: addedSchema },
      problems: ["document_unreadable"],
      async handle(call) {
        return { json: await addAll(call.body, call, deps) };
      },
    }),
    defineRoute({
      method: "get",
      path: `${documents}/:document_id`,
      role: "admin",
      summary: "A document with its text",
      params,
      answer: { status: 200, description: "The document", schema: documentSchema.extend({ text: z.string() }) },
      problems: ["document_not_found"],
      async handle({ params: { document_id }, context }) {
        return { json: toWire(await knowledge.get(document_id, context)) };
      },
    }),
    defineRoute({
      method: "delete",
      path: `${documents}/:document_id`,
      role: "admin",
      summary: "Delete a document; it is not found from then on",
      params,
      answer: { status: 204, description: "It is gone" },
      problems: ["document_not_found"],
      async handle({ params: { document_id }, context }) {
        await knowledge.remove(document_id, context);
        return {};
      },
    }),
    defineRoute({
      method: "post",
      path: "/api/v1/knowledge/search",
      role: "admin",
      summary: "What a question would find, with the score of each stage",
      body: jsonBody(searchSchema, settings.maxBodyBytes.chat),
      answer: { status: 200, description: "The passages, best first", schema: searchResultSchema },
      async handle({ body: { query, k }, context }) {
        return { json: toWire(await knowledge.search(query, k === undefined ? {} : { k }, context)) };
      },
    }),
  ];
}

/** @throws {ProblemList} with the code of the first failure when not one document could be added. */
async function addAll(
  given: readonly NewDocument[],
  { context }: Admitted,
  { knowledge, log }: ServerDeps,
): Promise<z.output<typeof addedSchema>> {
  const added: DocumentInfo[] = [];
  const failed: { readonly name: string; readonly problem: Problem }[] = [];
  for (const document of given) {
    try {
      added.push(await knowledge.add(document, context));
    } catch (error) {
      reportProblem(error, context.requestId, log);
      const problem = problemOf(error);
      failed.push({ name: document.name, problem });
    }
  }
  const [first, ...rest] = failed;
  if (first && added.length === 0) {
    const line = ({ name, problem }: typeof first) => ({ field: name, detail: problem.message });
    throw new ProblemList(first.problem.code, [line(first), ...rest.map(line)]);
  }
  return {
    documents: added.map((document) => toWire(document)),
    failed: failed.map(({ name, problem }) => ({ name, code: problem.code, detail: problem.message })),
  };
}
