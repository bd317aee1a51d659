import type { Clock } from "../../fallbacks/core/clock.ts";
import { LayerError } from "../../fallbacks/core/errors.ts";
import { Problem } from "../../problems.ts";
import { type ParsedDocument, parseDocument } from "../parse.ts";
import { inSlices, light } from "../slices.ts";
import { decode } from "./decode.ts";
import { baseNameOf, checkKind, kindOf } from "./kinds.ts";
import { inMb, readingLimits } from "./limits.ts";
import type { Reader, SourceFile } from "./reader.ts";
import { createReadingHelper } from "./reading-helper.ts";
import { type ReadingProcess, startReadingProcess } from "./start-reading-process.ts";
import { Unreadable } from "./unreadable.ts";

export interface ReaderOptions {
  readonly clock: Clock;
  /** Milliseconds that one file may take, from its turn on. Default 30,000. */
  readonly timeMs?: number;
  /** Milliseconds without work after which the process is ended. Default 30,000. */
  readonly idleMs?: number;
  readonly start?: () => ReadingProcess;
}

/** Bytes of text that are read here: to hand them to another process would take longer. */
const SMALL = 256 * 1024;
const IDLE_MS = 30_000;

/**
 * Reads Markdown, plain text, HTML, PDF, DOCX, EPUB, CSV, TSV and JSON. All but short texts are read in a process of their own, one
 * after the other, with limits on time, memory and size. It is started for the first file, used for the next ones, replaced
 * after a file that harmed it, and ended when there is no work.
 */
export function createReader(options: ReaderOptions): Reader {
  const { clock, timeMs = readingLimits.timeMs, idleMs = IDLE_MS, start = startReadingProcess } = options;
  const helper = createReadingHelper({ clock, timeMs, idleMs, start: () => start() });
  return {
    async read(file, context) {
      if (context.signal.aborted) throw aborted();
      const kind = kindOf(file);
      return named(file, () => {
        if (isShortText(file)) return readHere(file, context.signal);
        const { name, content, charset } = file;
        checkSize(content);
        const job = { kind, baseName: baseNameOf(name), content, ...(charset !== undefined && { charset }) };
        return helper.read(job, context.signal);
      });
    },
    close: () => helper.close(),
  };
}

/** Reads Markdown and plain text alone, in this process: for tests, and where there is nothing else to be read. */
export function createInlineReader(): Reader {
  return {
    async read(file, context) {
      if (context.signal.aborted) throw aborted();
      return named(file, () => readHere(file, context.signal));
    },
    close: () => Promise.resolve(),
  };
}

const aborted = () => new LayerError("aborted", "nobody waits for the file any more");

function isShortText(file: SourceFile): boolean {
  const kind = kindOf(file);
  return (kind === "markdown" || kind === "text") && file.content.length <= SMALL;
}

/** @throws {Problem} `unsupported_media_type` for what is no text. */
async function readHere(file: SourceFile, signal: AbortSignal): Promise<ParsedDocument> {
  const { name, content, charset } = file;
  const kind = kindOf(file);
  if (kind !== "markdown" && kind !== "text") {
    throw new Problem("unsupported_media_type", `${name}: only Markdown and plain text are read here`, {
      field: "name",
    });
  }
  checkSize(content);
  if (typeof content !== "string") checkKind(kind, content);
  const text = typeof content === "string" ? content : decode(content, charset);
  return inSlices(light(parseDocument(kind, text, baseNameOf(name))), signal);
}

function checkSize(content: string | Uint8Array): void {
  const { fileBytes } = readingLimits;
  const bytes = typeof content === "string" ? Buffer.byteLength(content) : content.length;
  if (bytes > fileBytes) throw new Unreadable(`has ${bytes} bytes; allowed are ${fileBytes} (${inMb(fileBytes)})`);
}

/** Says which file it is that cannot be read. */
async function named<T>({ name }: SourceFile, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw new Problem("document_unreadable", `${name} ${error.message}`, { field: "content", cause: error });
  }
}
