import type { Request, Response } from "express";
import type { StorageEngine } from "multer";
import { z } from "zod";
import { LARGEST_FILE } from "../ingestion/checks.ts";
import type { NewFile } from "../ingestion/ingestion.ts";
import { Problem } from "../problems.ts";
import { type BodyReader, jsonBody, requireBody, wrongType } from "./body.ts";
import { audienceSchema, factsShape, givenFacts, metadataSchema } from "./knowledge-schemas.ts";
import { apply } from "./middleware.ts";
import { shorten, validate } from "./validation.ts";

const MOST_FILES = 20;
const MOST_FIELDS = 20;
/** Of one field: more than all metadata that is allowed. */
const FIELD_BYTES = 64_000;
/** JSON is read in one go, which nobody else should notice: larger documents come as files. */
const JSON_BYTES = 6_000_000;
const MULTIPART = "multipart/form-data";

const documentSchema = z.strictObject({
  name: z.string().min(1).max(200).meta({ description: "File name; its ending decides how the content is read." }),
  content: z.string(),
  ...factsShape,
});

const formSchema = z.object({
  file: z.array(z.string().meta({ format: "binary" })).meta({ description: `1 to ${MOST_FILES} files.` }),
  audience: audienceSchema.optional().meta({ description: "Roles, as several fields or with commas between them." }),
  metadata: z.string().optional().meta({ description: "A JSON object of texts." }),
});

const fieldsSchema = z.strictObject({ audience: audienceSchema.optional(), metadata: metadataSchema.optional() });

/** Reads documents either as files of a form (`file`, several) or one as JSON; at most `maxBytes` in all. */
export function documentsBody(maxBytes: number): BodyReader<readonly NewFile[]> {
  const json = jsonBody(documentSchema, Math.min(maxBytes, JSON_BYTES));
  return {
    content: { ...json.content, [MULTIPART]: { schema: formSchema } },
    async read(request, response) {
      requireBody(request);
      const type = request.is([MULTIPART, "application/json", "application/*+json"]);
      if (type === false) throw wrongType(request, `${MULTIPART} or application/json`);
      if (type === MULTIPART) return readFiles(request, response, maxBytes);
      const { name, content, ...facts } = await json.read(request, response);
      return [{ name, content, ...givenFacts(facts) }];
    },
  };
}

async function readFiles(request: Request, response: Response, maxBytes: number): Promise<readonly NewFile[]> {
  // Few servers ever get an upload: the parser is loaded with the first one.
  const { default: multer } = await import("multer");
  const upload = multer({
    storage: createMeteredStorage(maxBytes),
    // Browsers send file names as UTF-8.
    defParamCharset: "utf8",
    limits: {
      files: MOST_FILES,
      fields: MOST_FIELDS,
      fieldSize: FIELD_BYTES,
      parts: MOST_FILES + MOST_FIELDS,
      headerPairs: 20,
    },
  });
  try {
    await apply(upload.array("file"), request, response);
  } catch (error) {
    throw uploadProblem(error);
  }
  const files = Array.isArray(request.files) ? request.files : [];
  if (files.length === 0) throw new Problem("invalid_request", "At least one `file` is needed.", { field: "file" });
  const facts = givenFacts(validate(fieldsSchema, fieldsOf(request.body), "body"));
  return files.map((file) => ({ name: file.originalname, content: file.buffer, ...facts }));
}

/** The fields of a form are texts; `audience` may come several times, or with commas in it. */
function fieldsOf(body: unknown): object {
  const { audience, metadata, ...others } = { ...(body as Readonly<Record<string, unknown>>) };
  const roles = [audience].flat().flatMap((text) => (typeof text === "string" ? text.split(",") : []));
  return {
    ...others,
    ...(audience !== undefined && { audience: roles.map((role) => role.trim()).filter((role) => role !== "") }),
    ...(metadata !== undefined && { metadata: metadataOf(metadata) }),
  };
}

function metadataOf(text: unknown): unknown {
  if (typeof text !== "string") return text;
  try {
    return JSON.parse(text);
  } catch (cause) {
    const detail = `metadata must be a JSON object, but is "${shorten(text)}".`;
    throw new Problem("invalid_request", detail, { field: "metadata", cause });
  }
}

/** Keeps files in memory, with a limit for each, and one for all files of a request together. */
function createMeteredStorage(maxBytes: number): StorageEngine {
  let total = 0;
  return {
    _handleFile(_request, file, done) {
      const parts: Buffer[] = [];
      let bytes = 0;
      let refused = false;
      const refuse = (detail: string) => {
        refused = true;
        parts.length = 0;
        done(new Problem("payload_too_large", detail, { field: "file" }));
      };
      file.stream.on("data", (part: Buffer) => {
        total += part.length;
        bytes += part.length;
        if (refused) return;
        if (total > maxBytes) refuse(`At most ${maxBytes} bytes of files are read.`);
        else if (bytes > LARGEST_FILE) {
          refuse(`"${shorten(file.originalname)}" is too large: at most ${LARGEST_FILE} bytes of a file are read.`);
        } else parts.push(part);
      });
      file.stream.on("error", done);
      file.stream.on("end", () => {
        if (!refused) done(null, { buffer: Buffer.concat(parts) });
      });
    },
    _removeFile(_request, _file, done) {
      done(null);
    },
  };
}

const fieldLimits = new Set(["LIMIT_FIELD_COUNT", "LIMIT_FIELD_VALUE", "LIMIT_FIELD_KEY"]);

/** Multer's own errors have a `code`; those of the parser beneath it are plain errors about the form. */
function uploadProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const message = error instanceof Error ? shorten(error.message) : "unknown";
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "LIMIT_FILE_COUNT" || code === "LIMIT_PART_COUNT") {
    return new Problem("invalid_request", `At most ${MOST_FILES} files are read at once.`, { field: "file" });
  }
  if (code === "LIMIT_UNEXPECTED_FILE") {
    const detail = "Files are read from parts with the name `file` only.";
    return new Problem("invalid_request", detail, { field: "file", cause: error });
  }
  if (fieldLimits.has(code)) {
    const detail = `Besides files at most ${MOST_FIELDS} fields are read, each of at most ${FIELD_BYTES} bytes.`;
    return new Problem("invalid_request", detail, { field: "body", cause: error });
  }
  return new Problem("invalid_request", `The form cannot be read: ${message}.`, { field: "body", cause: error });
}
