import { z } from "zod";
import { jsonBody } from "./body.ts";
import { idSchema, timeSchema } from "./chat-schemas.ts";
import { knowledgeConflictRoutes } from "./knowledge-conflict-routes.ts";
import { knowledgeIngestRoutes } from "./knowledge-ingest-routes.ts";
import { knowledgeInsightRoutes } from "./knowledge-insight-routes.ts";
import { knowledgeJobRoutes } from "./knowledge-job-routes.ts";
import { documentJson, documentSchema } from "./knowledge-schemas.ts";
import { knowledgeSearchRoutes } from "./knowledge-search-routes.ts";
import { knowledgeTrialRoutes } from "./knowledge-trial-routes.ts";
import { pageOf, pageQuery, pageSchema } from "./paging.ts";
import { defineRoute, type Route } from "./route.ts";
import type { TurnDeps } from "./turn-deps.ts";

const params = z.strictObject({ document_id: idSchema });
const documents = "/api/v1/knowledge/documents";

const versionSchema = documentSchema.extend({
  live: z.boolean().meta({ description: "Answers come from this version." }),
  live_at: timeSchema,
});

const diffSchema = z.object({
  from: z.string(),
  to: z.string(),
  parts: z.array(z.object({ kind: z.enum(["same", "added", "removed"]), text: z.string() })).readonly(),
});

const rollbackSchema = z.strictObject({
  to: idSchema.optional().meta({ description: "Id of a version; absent: the one that was live before." }),
});

/** All that an owner can do with the knowledge base. */
export function knowledgeRoutes(deps: TurnDeps): readonly Route[] {
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
        const { items, next } = await knowledge.list(pageOf(query), context);
        return { json: { items: items.map(documentJson), next } };
      },
    }),
    defineRoute({
      method: "get",
      path: `${documents}/:document_id`,
      role: "admin",
      summary: "A version of a document with its text",
      params,
      answer: { status: 200, description: "The document", schema: documentSchema.extend({ text: z.string() }) },
      problems: ["document_not_found"],
      async handle({ params: { document_id }, context }) {
        const { text, ...document } = await knowledge.get(document_id, context);
        return { json: { ...documentJson(document), text } };
      },
    }),
    defineRoute({
      method: "delete",
      path: `${documents}/:document_id`,
      role: "admin",
      summary:
        "Delete a document with all its versions; it is not found from then on, and what is being read under its name fails",
      params,
      answer: { status: 204, description: "It is gone" },
      problems: ["document_not_found"],
      async handle({ params: { document_id }, context }) {
        await knowledge.remove(document_id, context);
        return {};
      },
    }),
    defineRoute({
      method: "get",
      path: `${documents}/:document_id/versions`,
      role: "admin",
      summary: "The versions of a document that are kept, newest first",
      params,
      answer: {
        status: 200,
        description: "At most 20",
        schema: z.object({ items: z.array(versionSchema).readonly() }),
      },
      problems: ["document_not_found"],
      async handle({ params: { document_id }, context }) {
        const versions = await knowledge.versions(document_id, context);
        const items = versions.map(({ live, liveAt, ...document }) => ({
          ...documentJson(document),
          live,
          live_at: liveAt,
        }));
        return { json: { items } };
      },
    }),
    defineRoute({
      method: "get",
      path: `${documents}/:document_id/diff`,
      role: "admin",
      summary: "What one version says and another does not, line by line",
      params,
      query: z.strictObject({ from: idSchema.meta({ description: "Id of the version to compare with." }) }),
      answer: { status: 200, description: "Both texts in parts, in order", schema: diffSchema },
      problems: ["document_not_found"],
      async handle({ params: { document_id: to }, query: { from }, context }) {
        return { json: { from, to, parts: await knowledge.diff(from, to, context) } };
      },
    }),
    defineRoute({
      method: "post",
      path: `${documents}/:document_id/rollback`,
      role: "admin",
      summary: "Answer from another version of a document, from one instant on",
      params,
      body: jsonBody(rollbackSchema, settings.maxBodyBytes.chat),
      answer: { status: 200, description: "The version that is live now", schema: documentSchema },
      problems: ["document_not_found"],
      async handle({ params: { document_id }, body: { to }, context }) {
        return { json: documentJson(await knowledge.rollback(document_id, to, context)) };
      },
    }),
    ...knowledgeIngestRoutes(deps),
    ...knowledgeJobRoutes(deps),
    ...knowledgeSearchRoutes(deps),
    ...knowledgeInsightRoutes(deps),
    ...knowledgeTrialRoutes(deps),
    ...knowledgeConflictRoutes(deps),
  ];
}
