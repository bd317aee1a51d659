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
export const JSON_BYTES = 6_000_000;
export const MULTIPART = "multipart/form-data";
/** What a route that reads documents takes. */
export const DOCUMENT_TYPES = [MULTIPART, "application/json", "application/*+json"];

/** A document as JSON. */
export const documentSchema = z.strictObject({
  name: z.string().min(1).max(200).meta({ description: "File name; its ending decides how the content is read." }),
  content: z.string(),
  ...factsShape,
});

/** The fields of a form, as they are documented. */
export const formShape = {
  audience: audienceSchema.optional().meta({ description: "Roles, as several fields or with commas between them." }),
  metadata: z.string().optional().meta({ description: "A JSON object of texts." }),
};

const formSchema = z.object({
  file: z.array(z.string().meta({ format: "binary" })).meta({ description: `1 to ${MOST_FILES} files.` }),
  ...formShape,
});

const fieldsSchema = z.strictObject({ audience: audienceSchema.optional(), metadata: metadataSchema.optional() });

/** What came in a form: 1 to 20 files, and the other fields as texts, each once or several times. */
export interface UploadForm {
  readonly files: readonly Pick<NewFile, "name" | "content">[];
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Reads documents either as files of a form (`file`, several) or one as JSON; at most `maxBytes` in all. */
export function documentsBody(maxBytes: number): BodyReader<readonly NewFile[]> {
  const json = jsonBody(documentSchema, Math.min(maxBytes, JSON_BYTES));
  return {
    content: { ...json.content, [MULTIPART]: { schema: formSchema } },
    async read(request, response) {
      requireBody(request);
      const type = request.is(DOCUMENT_TYPES);
      if (type === false) throw wrongType(request, `${MULTIPART} or application/json`);
      if (type === MULTIPART) {
        const { files, fields } = await readForm(request, response, maxBytes);
        const facts = givenFacts(validate(fieldsSchema, factsIn(fields), "body"));
        return files.map((file) => ({ ...file, ...facts }));
      }
      const { name, content, ...facts } = await json.read(request, response);
      return [{ name, content, ...givenFacts(facts) }];
    },
  };
}

/**
 * @param maxBytes of all files together.
 * @param fieldBytes of one field, as UTF-8. Default 64,000.
 * @throws {Problem}
 */
export async function readForm(
  request: Request,
  response: Response,
  maxBytes: number,
  fieldBytes = FIELD_BYTES,
): Promise<UploadForm> {
  // Few servers ever get an upload: the parser is loaded with the first one.
  const { default: multer } = await import("multer");
  const upload = multer({
    storage: createMeteredStorage(maxBytes),
    // Browsers send file names as UTF-8.
    defParamCharset: "utf8",
    limits: {
      files: MOST_FILES,
      fields: MOST_FIELDS,
      fieldSize: fieldBytes,
      parts: MOST_FILES + MOST_FIELDS,
      headerPairs: 20,
    },
  });
  try {
    await apply(upload.array("file"), request, response);
  } catch (error) {
    throw uploadProblem(error, fieldBytes);
  }
  const files = Array.isArray(request.files) ? request.files : [];
  if (files.length === 0) throw new Problem("invalid_request", "At least one `file` is needed.", { field: "file" });
  return {
    files: files.map((file) => ({ name: file.originalname, content: file.buffer })),
    fields: { ...(request.body as Readonly<Record<string, unknown>>) },
  };
}

/** The fields of a form with `audience` and `metadata` read. @throws {Problem} */
export function factsIn({ audience, metadata, ...others }: UploadForm["fields"]): object {
  return {
    ...others,
    ...(audience !== undefined && { audience: listIn(audience, ",") }),
    ...(metadata !== undefined && { metadata: metadataOf(metadata) }),
  };
}

/** What may come as several fields, or in one with something between its parts; empty ones are left out. */
export function listIn(field: unknown, between: string | RegExp): readonly string[] {
  const parts = [field].flat().flatMap((text) => (typeof text === "string" ? text.split(between) : []));
  return parts.map((part) => part.trim()).filter((part) => part !== "");
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
function uploadProblem(error: unknown, fieldBytes: number): Problem {
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
    const detail = `Besides files at most ${MOST_FIELDS} fields are read, each of at most ${fieldBytes} bytes.`;
    return new Problem("invalid_request", detail, { field: "body", cause: error });
  }
  return new Problem("invalid_request", `The form cannot be read: ${message}.`, { field: "body", cause: error });
}
