import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from "@asteasolutions/zod-to-openapi";
import { type ProblemCode, problemTable } from "../problems.ts";
import { speaksOpenAI } from "./openai-errors.ts";
import type { Route } from "./route.ts";

const PROBLEM_TYPE = "application/problem+json";
const problemSchema = { $ref: "#/components/schemas/Problem" };
const openaiErrorSchema = { $ref: "#/components/schemas/OpenAIError" };

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
  registry.registerComponent("schemas", "OpenAIError", {
    type: "object",
    description: "The error of the OpenAI protocol. `code` is one that the protocol knows, or one of ours.",
    required: ["error"],
    properties: {
      error: {
        type: "object",
        required: ["message", "type", "param", "code"],
        properties: {
          message: { type: "string" },
          type: { type: "string", enum: ["invalid_request_error", "rate_limit_error", "server_error"] },
          param: { type: ["string", "null"] },
          code: { type: "string" },
        },
      },
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
      ...describeProblems(problemsOf(route), speaksOpenAI(route.path)),
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

function describeProblems(codes: readonly ProblemCode[], openai: boolean): RouteConfig["responses"] {
  const content = openai
    ? { "application/json": { schema: openaiErrorSchema } }
    : { [PROBLEM_TYPE]: { schema: problemSchema } };
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
        content,
      },
    ]),
  );
}

function codeTable(): string {
  return Object.entries(problemTable)
    .map(([code, { status, title }]) => `${code} (${status}): ${title}.`)
    .join("\n");
}
