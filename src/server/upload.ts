import type { Request, Response } from "express";
import type { StorageEngine } from "multer";
import { z } from "zod";
import { Problem } from "../problems.ts";
import type { NewDocument } from "../retrieval/knowledge.ts";
import { type BodyReader, jsonBody, requireBody, wrongType } from "./body.ts";
import { apply } from "./middleware.ts";
import { shorten } from "./validation.ts";

const MOST_FILES = 20;
const MULTIPART = "multipart/form-data";

const documentSchema = z.strictObject({
  name: z.string().min(1).max(200).meta({ description: "File name; its ending decides how the content is read." }),
  content: z.string(),
});

const filesSchema = z.object({
  file: z.array(z.string().meta({ format: "binary" })).meta({ description: `1 to ${MOST_FILES} files.` }),
});

/** Reads documents either as files of a form (`file`, several) or one as JSON; at most `maxBytes` in all. */
export function documentsBody(maxBytes: number): BodyReader<readonly NewDocument[]> {
  const json = jsonBody(documentSchema, maxBytes);
  return {
    content: { ...json.content, [MULTIPART]: { schema: filesSchema } },
    async read(request, response) {
      requireBody(request);
      const type = request.is([MULTIPART, "application/json", "application/*+json"]);
      if (type === false) throw wrongType(request, `${MULTIPART} or application/json`);
      return type === MULTIPART ? readFiles(request, response, maxBytes) : [await json.read(request, response)];
    },
  };
}

async function readFiles(request: Request, response: Response, maxBytes: number): Promise<readonly NewDocument[]> {
  // Few servers ever get an upload: the parser is loaded with the first one.
  const { default: multer } = await import("multer");
  const upload = multer({
    storage: createMeteredStorage(maxBytes),
    // Browsers send file names as UTF-8.
    defParamCharset: "utf8",
    limits: { files: MOST_FILES, fields: 0, parts: MOST_FILES, headerPairs: 20 },
  });
  try {
    await apply(upload.array("file"), request, response);
  } catch (error) {
    throw uploadProblem(error);
  }
  const files = Array.isArray(request.files) ? request.files : [];
  if (files.length === 0) throw new Problem("invalid_request", "At least one `file` is needed.", { field: "file" });
  return files.map((file) => ({ name: file.originalname, content: file.buffer.toString("utf8") }));
}

/** Keeps files in memory, with one limit for all files of a request together. */
function createMeteredStorage(maxBytes: number): StorageEngine {
  let total = 0;
  return {
    _handleFile(_request, file, done) {
      const parts: Buffer[] = [];
      let tooLarge = false;
      file.stream.on("data", (part: Buffer) => {
        total += part.length;
        if (total <= maxBytes) parts.push(part);
        else if (!tooLarge) {
          tooLarge = true;
          parts.length = 0;
          done(new Problem("payload_too_large", `At most ${maxBytes} bytes of files are read.`, { field: "file" }));
        }
      });
      file.stream.on("error", done);
      file.stream.on("end", () => {
        if (!tooLarge) done(null, { buffer: Buffer.concat(parts) });
      });
    },
    _removeFile(_request, _file, done) {
      done(null);
    },
  };
}

/** Multer's own errors have a `code`; those of the parser beneath it are plain errors about the form. */
function uploadProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const message = error instanceof Error ? shorten(error.message) : "unknown";
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "LIMIT_FILE_COUNT" || code === "LIMIT_PART_COUNT") {
    return new Problem("invalid_request", `At most ${MOST_FILES} files are read at once.`, { field: "file" });
  }
  if (code === "LIMIT_UNEXPECTED_FILE" || code === "LIMIT_FIELD_COUNT") {
    return new Problem("invalid_request", "Only parts with the name `file` that hold files are read.", {
      field: "file",
      cause: error,
    });
  }
  return new Problem("invalid_request", `The form cannot be read: ${message}.`, { field: "body", cause: error });
}
