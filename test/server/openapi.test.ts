import { beforeEach, describe, expect, it } from "vitest";
import { problemTable } from "../../src/problems.ts";
import { startServer } from "./test-server.ts";

interface Operation {
  readonly summary: string;
  readonly security: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: object }>>;
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: { readonly Problem: { readonly properties: { readonly code: { readonly enum: unknown } } } };
  };
}

let api: Document;

beforeEach(async () => {
  const { url } = await startServer();
  api = (await (await fetch(`${url}/openapi.json`)).json()) as Document;
});

describe("/openapi.json", () => {
  it("is OpenAPI 3.1 and lists every route", () => {
    expect(api.openapi).toBe("3.1.0");
    expect(api.info).toMatchObject({ title: "Understudy", version: "0.0.0-test" });
    const listed = Object.entries(api.paths).flatMap(([path, item]) =>
      Object.keys(item).map((key) => `${key} ${path}`),
    );
    expect(listed.sort()).toEqual(
      [
        "get /api/v1/admin/dead-letters",
        "post /api/v1/admin/dead-letters/drop",
        "post /api/v1/admin/dead-letters/retry",
        "get /api/v1/jobs",
        "get /api/v1/jobs/{job_id}",
        "get /api/v1/users/{user}/data",
        "delete /api/v1/users/{user}/data",
        "get /api/v1/users/{user}/data/jobs/{job_id}",
        "get /api/v1/sessions/{session_id}/stream",
        "post /api/v1/chat",
        "post /api/v1/chat/stream",
        "post /v1/chat/completions",
        "get /v1/models",
        "post /api/v1/turns/{turn_id}/stop",
        "get /metrics",
        "post /api/v1/admin/layers/{name}",
        "get /api/v1/admin/router/explain",
        "get /api/v1/admin/faults",
        "post /api/v1/admin/faults",
        "get /api/v1/sessions",
        "get /api/v1/sessions/{session_id}",
        "delete /api/v1/sessions/{session_id}",
        "get /api/v1/sources/{chunk_id}",
        "get /api/v1/knowledge/documents",
        "post /api/v1/knowledge/documents",
        "get /api/v1/knowledge/documents/{document_id}",
        "delete /api/v1/knowledge/documents/{document_id}",
        "get /api/v1/knowledge/documents/{document_id}/versions",
        "get /api/v1/knowledge/documents/{document_id}/diff",
        "post /api/v1/knowledge/documents/{document_id}/rollback",
        "post /api/v1/knowledge/urls",
        "get /api/v1/knowledge/jobs",
        "get /api/v1/knowledge/jobs/{job_id}",
        "get /api/v1/knowledge/jobs/{job_id}/events",
        "delete /api/v1/knowledge/jobs/{job_id}",
        "get /api/v1/knowledge/settings",
        "post /api/v1/knowledge/settings",
        "post /api/v1/knowledge/search",
        "get /api/v1/knowledge/unanswered",
        "get /api/v1/knowledge/documents/{document_id}/answers",
        "post /api/v1/knowledge/trial",
        "get /api/v1/knowledge/conflicts",
        "get /livez",
        "get /readyz",
        "get /health",
        "get /openapi.json",
        "get /",
        "get /status",
        "get /assets/{file}",
      ].sort(),
    );
  });

  it("has for each operation a summary, described answers, its path parameters, and references that exist", () => {
    for (const [path, item] of Object.entries(api.paths)) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const operation of Object.values(item)) {
        expect(operation.summary).not.toBe("");
        expect(Object.keys(operation.responses).some((status) => status.startsWith("2"))).toBe(true);
        expect(Object.values(operation.responses).every(({ description }) => description.length > 0)).toBe(true);
        const required = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
        expect(required.map(({ name }) => name)).toEqual(inPath);
        expect(required.every((parameter) => parameter.required)).toBe(true);
        if (/^\/(?:api|v1|metrics)(?:\/|$)/.test(path))
          expect(operation.security).toEqual([{ bearer: [] }, { apiKey: [] }]);
        else expect(operation.security).toEqual([]);
      }
    }
    const references = [...JSON.stringify(api).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = ""]) =>
      path.split("/"),
    );
    expect(references.length).toBeGreaterThan(0);
    for (const steps of references) {
      const target = steps.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], api);
      expect(target).toBeTypeOf("object");
    }
  });

  it("documents every problem code", () => {
    expect(api.components.schemas.Problem.properties.code.enum).toEqual(Object.keys(problemTable));
    expect(api.paths["/api/v1/chat"]?.["post"]?.responses["409"]?.description).toContain("turn_conflict");
  });

  it("describes errors in the shape in which they are sent", () => {
    const typesOf = (path: string) => Object.keys(api.paths[path]?.["post"]?.responses["400"]?.content ?? {});
    expect(typesOf("/api/v1/chat")).toEqual(["application/problem+json"]);
    expect(typesOf("/v1/chat/completions")).toEqual(["application/json"]);
  });

  it("has the schemas that validate", () => {
    const chat = api.paths["/api/v1/chat"]?.["post"]?.requestBody?.content["application/json"]?.schema;
    expect(chat).toMatchObject({
      type: "object",
      required: ["message"],
      additionalProperties: false,
      properties: { deadline_ms: { type: "integer", minimum: 250, maximum: 30_000 } },
    });
    const documents = api.paths["/api/v1/knowledge/documents"]?.["post"]?.requestBody?.content ?? {};
    expect(Object.keys(documents)).toEqual(["application/json", "multipart/form-data"]);
  });
});
