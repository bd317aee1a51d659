import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname } from "node:path";

export interface PageFile {
  readonly type: string;
  readonly content: Buffer;
  readonly etag: string;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
};

/**
 * Reads the files of a directory into memory, by name. What a client asks for is looked up in this list and never becomes
 * a path. Folders, and files of other kinds, are not served.
 * @throws {Error} when the directory, or one of the `wanted` files, is not there.
 */
export function readPageFiles(directory: URL, wanted: readonly string[]): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const type = types[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const content = readFileSync(new URL(encodeURIComponent(entry.name), directory));
    const etag = `"${createHash("sha256").update(content).digest("base64url").slice(0, 22)}"`;
    files.set(entry.name, { type, content, etag });
  }
  const missing = wanted.filter((name) => !files.has(name));
  if (missing.length > 0) throw new Error(`${directory.href} has no ${missing.join(" and no ")}`);
  return files;
}
