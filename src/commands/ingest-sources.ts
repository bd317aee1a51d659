import { basename, sep } from "node:path";
import type { PageOrder } from "../rehearsal/client-wire.ts";
import { UsageError } from "./command.ts";
import type { PageBounds } from "./ingest-bounds.ts";
import { filesBelow, type LeftOut, lookAt } from "./ingest-folder.ts";

/** Something to be added: a file, or an address. */
export type Source =
  | {
      readonly kind: "file";
      readonly path: string;
      /** Of the document: within a folder, with the folders below it, for a document is known by its name. */
      readonly name: string;
    }
  | PageOrder;

/** What there is to add, and what of the folders is not added. */
export interface Sources {
  readonly sources: readonly Source[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * The files and addresses that these words name: of a folder every file, at any depth, whose ending is one that is read, but nothing
 * hidden and nothing outside.
 * @param bounds of all addresses.
 * @throws {UsageError} when there is nothing to add, a path cannot be read, or two files would be one document.
 */
export function readSources(words: readonly string[], bounds: PageBounds): Sources {
  if (words.length === 0) throw new UsageError("give at least one file or folder, or the address of a page");
  const found = words.map(
    (word): Sources =>
      /^https?:\/\//i.test(word) ? { sources: [{ ...bounds, url: word }], leftOut: [] } : filesIn(word),
  );
  const sources = found.flatMap((each) => each.sources);
  const leftOut = found.flatMap((each) => each.leftOut);
  const files = sources.filter((source) => source.kind === "file");
  if (sources.length === 0) throw new UsageError(nothingIn(leftOut));
  if (bounds.kind !== "page" && files.length === sources.length) {
    throw new UsageError(`--${bounds.kind} wants an address`);
  }
  const names = new Set<string>();
  for (const { path, name } of files) {
    if (names.has(name)) {
      throw new UsageError(`${path}: another file is named ${name} too, and a name is one document`);
    }
    names.add(name);
  }
  return { sources, leftOut };
}

function filesIn(path: string): Sources {
  const stat = lookAt(path);
  if (typeof stat === "string") throw new UsageError(`${path} ${stat}`);
  if (stat.isFile()) return { sources: [{ kind: "file", path, name: basename(path) }], leftOut: [] };
  if (!stat.isDirectory()) throw new UsageError(`${path} is neither a file nor a folder`);
  const { files, leftOut } = filesBelow(path);
  return {
    sources: files.map(({ path, within }) => ({ kind: "file", path, name: within.replaceAll(sep, " - ") })),
    leftOut,
  };
}

function nothingIn([first]: readonly LeftOut[]): string {
  const why = first ? `; left out, for one: ${first.path} (${first.why})` : "";
  return `there is no file of a kind that is read in what you gave${why}`;
}
