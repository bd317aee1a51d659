import { z } from "zod";
import { defineRoute, type Route } from "./route.ts";

/** @param all every route, this one included: read when the document is asked for. */
export function openapiRoutes(all: () => readonly Route[], version: string): readonly Route[] {
  let made: Promise<object> | undefined;
  return [
    defineRoute({
      method: "get",
      path: "/openapi.json",
      role: "public",
      summary: "This description",
      answer: { status: 200, description: "An OpenAPI 3.1 document", schema: z.looseObject({}) },
      async handle() {
        // Made at the first request, so that it costs nothing at the start.
        made ??= import("./openapi.ts").then(({ describeRoutes }) => describeRoutes(all(), version));
        return { json: { ...(await made) } };
      },
    }),
  ];
}
