import { z } from "zod";
import { idSchema, spanSchema } from "./chat-schemas.ts";
import { defineRoute, type Route } from "./route.ts";
import type { ServerDeps } from "./server-deps.ts";
import { toWire } from "./wire.ts";

const openedSchema = spanSchema.extend({
  url: z.string().optional().meta({ description: "Where the document was fetched from." }),
});

export function sourceRoutes({ knowledge }: ServerDeps): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/api/v1/sources/:chunk_id",
      role: "user",
      summary: "The passage behind a source of an answer, for whoever may read its document",
      params: z.strictObject({ chunk_id: idSchema }),
      answer: { status: 200, description: "The whole passage, as `quote`", schema: openedSchema },
      problems: ["passage_not_found"],
      handle: async ({ params, context }) => ({ json: toWire(await knowledge.passage(params.chunk_id, context)) }),
    }),
  ];
}
