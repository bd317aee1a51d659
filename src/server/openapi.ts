import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from "@asteasolutions/zod-to-openapi";
import { type ProblemCode, problemTable } from "../problems.ts";
import type { Route } from "./route.ts";

const PROBLEM_TYPE = "application/problem+json";
const problemSchema = { $ref: "#/components/schemas/Problem" };

/** An OpenAPI 3.1 document of the routes, from the schemas that validate them. */
export function describeRoutes(routes: readonly Route[], version: string): object {
  const registry = new OpenAPIRegistry();
  registry.registerComponent("schemas", "Problem", {
    type: "object",
    description: "RFC 9457. `code` is stable; `detail` is for people.",
    required: ["type", "title", "status", "code", "detail", "request_id"],
    properties: {
      type: { type: "string" },
      title: { type: "string" },
      status: { type: "integer" },
      code: { type: "string", enum: Object.keys(problemTable), description: codeTable() },
      detail: { type: "string" },
      request_id: { type: "string" },
      field: { type: "string" },
      errors: {
        type: "array",
        items: { type: "object", properties: { field: { type: "string" }, detail: { type: "string" } } },
      },
      retry_after: { type: "integer", description: "Seconds" },
    },
  });
  registry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  registry.registerComponent("securitySchemes", "apiKey", { type: "apiKey", in: "header", name: "X-API-Key" });
  for (const route of routes) registry.registerPath(describeRoute(route));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: "3.1.0",
    info: { title: "Understudy", version, description: "A chat server in which every layer degrades on its own." },
  });
}

function describeRoute(route: Route): RouteConfig {
  const { answer, role } = route;
  const type = answer.type ?? "application/json";
  const has = answer.schema !== undefined || answer.type !== undefined;
  return {
    method: route.method,
    path: route.path.replace(/:(\w+)/g, "{$1}"),
    summary: route.summary,
    ...(role === "public" ? { security: [] } : { security: [{ bearer: [] }, { apiKey: [] }], "x-role": role }),
    request: {
      params: route.params,
      query: route.query,
      ...(route.body ? { body: { required: true, content: { ...route.body.content } } } : {}),
    },
    responses: {
      [answer.status]: {
        description: answer.description,
        ...(has ? { content: { [type]: { schema: answer.schema ?? { type: "string" } } } } : {}),
      },
      ...describeProblems(problemsOf(route)),
    },
  };
}

/** Those that the shape of a route implies, and those that it names. */
function problemsOf(route: Route): readonly ProblemCode[] {
  const codes: ProblemCode[] = ["invalid_request", "host_not_allowed", "origin_not_allowed", "internal"];
  if (route.body) codes.push("invalid_json", "payload_too_large", "unsupported_media_type");
  if (route.role !== "public") {
    codes.push("unauthorized", "forbidden", "rate_limited", "store_unavailable", "deadline_exceeded");
  }
  if (route.path.includes("/assets/")) codes.push("not_found");
  return [...codes, ...(route.problems ?? [])];
}

function describeProblems(codes: readonly ProblemCode[]): RouteConfig["responses"] {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of codes) {
    const { status } = problemTable[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, same]) => [
      status,
      {
        description: same.map((code) => `\`${code}\`: ${problemTable[code].title}`).join("; "),
        content: { [PROBLEM_TYPE]: { schema: problemSchema } },
      },
    ]),
  );
}

function codeTable(): string {
  return Object.entries(problemTable)
    .map(([code, { status, title }]) => `${code} (${status}): ${title}.`)
    .join("\n");
}
