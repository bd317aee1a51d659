import { Problem } from "../../problems.ts";
import type { SourceFile } from "./reader.ts";
import { Unreadable } from "./unreadable.ts";

export type FileKind = "markdown" | "text" | "html" | "pdf" | "docx" | "epub" | "csv" | "tsv" | "json";

const DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

const kindOfEnding: ReadonlyMap<string, FileKind> = new Map([
  ["md", "markdown"],
  ["markdown", "markdown"],
  ["txt", "text"],
  ["text", "text"],
  ["html", "html"],
  ["htm", "html"],
  ["xhtml", "html"],
  ["pdf", "pdf"],
  ["docx", "docx"],
  ["epub", "epub"],
  ["csv", "csv"],
  ["tsv", "tsv"],
  ["json", "json"],
]);

const kindOfMediaType: ReadonlyMap<string, FileKind> = new Map([
  ["text/markdown", "markdown"],
  ["text/x-markdown", "markdown"],
  ["text/html", "html"],
  ["application/xhtml+xml", "html"],
  ["application/pdf", "pdf"],
  [DOCX, "docx"],
  ["application/epub+zip", "epub"],
  ["text/csv", "csv"],
  ["text/tab-separated-values", "tsv"],
  ["application/json", "json"],
]);

/** What people call it. */
const names: Readonly<Record<FileKind, string>> = {
  markdown: "Markdown",
  text: "plain text",
  html: "HTML",
  pdf: "a PDF",
  docx: "a Word document (.docx)",
  epub: "an EPUB book",
  csv: "CSV",
  tsv: "TSV",
  json: "JSON",
};

/**
 * By the media type where it says something, else by the ending: `text/plain` is said of Markdown and tables too.
 * @throws {Problem} `unsupported_media_type`.
 */
export function kindOf({ name, mediaType }: SourceFile): FileKind {
  const type = mediaType?.toLowerCase();
  const byType = kindOfMediaType.get(type ?? "") ?? (type?.endsWith("+json") ? "json" : undefined);
  const kind = byType ?? kindOfEnding.get(endingOf(name)) ?? (type === "text/plain" ? "text" : undefined);
  if (kind) return kind;
  const allowed = [...kindOfEnding.keys()].map((ending) => `.${ending}`).join(", ");
  throw new Problem("unsupported_media_type", `${name}: files end in ${allowed}`, { field: "name" });
}

/** The name without path and ending, of an address the last part of its path or else its host: a title where there is no better one. */
export function baseNameOf(name: string): string {
  const last = pathOf(name).replace(/\/+$/, "").split("/").at(-1) ?? "";
  const base = last.replace(/(.)\.[^.]*$/, "$1");
  return base === "" ? hostOf(name) : base;
}

const isAddress = (name: string) => /^https?:\/\//i.test(name);
const hostOf = (name: string) => (isAddress(name) && URL.canParse(name) ? new URL(name).host : name);

function pathOf(name: string): string {
  if (!isAddress(name) || !URL.canParse(name)) return name;
  const { pathname } = new URL(name);
  try {
    return decodeURIComponent(pathname);
  } catch {
    // Percent signs that are no escapes: the path as it stands.
    return pathname;
  }
}

const endingOf = (name: string) => /\.([^./]+)$/.exec(pathOf(name))?.[1]?.toLowerCase() ?? "";

/** Kinds that are no text, with what their first bytes show. */
const binaries: ReadonlyMap<FileKind, "pdf" | "zip"> = new Map([
  ["pdf", "pdf"],
  ["docx", "zip"],
  ["epub", "zip"],
]);

/** Whether a small file of that kind may unpack to a large one. */
export const isPacked = (kind: FileKind): boolean => binaries.has(kind);

/** @throws {Unreadable} when the first bytes show that it is something else. */
export function checkKind(kind: FileKind, bytes: Uint8Array): void {
  const found = kindByFirstBytes(kind, bytes);
  const expected = binaries.get(kind);
  if (expected) {
    if (bytes.length === 0) throw new Unreadable("is empty");
    if (found === "ole" && kind !== "epub")
      throw new Unreadable("is encrypted, or in the format of Word before 2007 (.doc)");
    if (found !== expected) throw new Unreadable(`does not begin as ${names[kind]} does`);
  } else if (found !== undefined) {
    const what =
      found === "pdf" ? "a PDF" : found === "zip" ? "a zip archive or an Office document" : "an Office document";
    throw new Unreadable(`is ${what}, not ${names[kind]}`);
  }
}

function kindByFirstBytes(expected: FileKind, bytes: Uint8Array): "pdf" | "zip" | "ole" | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1_024)).toString("latin1");
  // Some programs put something before a PDF; readers look for its mark in the first 1,024 bytes.
  if (start.startsWith("%PDF-") || (expected === "pdf" && start.includes("%PDF-"))) return "pdf";
  if (start.startsWith("PK\x03\x04") || start.startsWith("PK\x05\x06")) return "zip";
  return start.startsWith("\xD0\xCF\x11\xE0") ? "ole" : undefined;
}
