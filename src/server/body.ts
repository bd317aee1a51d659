import { isUtf8 } from "node:buffer";
import express, { type Request, type Response } from "express";
import type { z } from "zod";
import { Problem } from "../problems.ts";
import { apply } from "./middleware.ts";
import { validate } from "./validation.ts";

/** How a route reads its body. */
export interface BodyReader<T> {
  /** For the documentation: the schema of each content type. */
  readonly content: Readonly<Record<string, { readonly schema: z.ZodType }>>;
  /** @throws {Problem} that says what is wrong with the body. */
  read(request: Request, response: Response): Promise<T>;
}

/** Reads a JSON body of at most `maxBytes` (after decompression). */
export function jsonBody<S extends z.ZodType>(schema: S, maxBytes: number): BodyReader<z.output<S>> {
  const parse = express.json({ limit: maxBytes, strict: false, type: () => true, verify: requireUtf8 });
  return {
    content: { "application/json": { schema } },
    async read(request, response) {
      requireBody(request);
      const type = request.is(["application/json", "application/*+json"]);
      if (type === false) throw wrongType(request, "application/json");
      await apply(parse, request, response);
      return validate(schema, request.body, "body");
    },
  };
}

/** @throws {Problem} when nothing comes after the headers. */
export function requireBody(request: Request): void {
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  if (encoding !== undefined || Number(length ?? 0) > 0) return;
  throw new Problem("invalid_request", "The request needs a body.", { field: "body" });
}

export function wrongType(request: Request, wanted: string): Problem {
  const given = request.headers["content-type"];
  const detail = `Content-Type must be ${wanted}, but is ${given === undefined ? "not there" : `"${given.slice(0, 80)}"`}.`;
  return new Problem("unsupported_media_type", detail, { field: "content-type" });
}

// The parser would read other charsets too, and would put U+FFFD where bytes are wrong: text that nobody wrote.
function requireUtf8(_request: unknown, _response: unknown, body: Buffer, encoding: string): void {
  if (encoding !== "utf-8" && encoding !== "utf8") {
    throw new Problem("unsupported_media_type", `The charset must be utf-8, but is ${encoding.slice(0, 80)}.`, {
      field: "content-type",
    });
  }
  if (isUtf8(body)) return;
  throw new Problem(
    "invalid_json",
    "The body is not valid UTF-8. (A lone surrogate is written as an escape: \\ud800.)",
    {
      field: "body",
    },
  );
}
