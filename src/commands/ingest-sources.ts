import { readdirSync, statSync } from "node:fs";
import { basename, join, sep } from "node:path";
import { Problem } from "../problems.ts";
import { kindOf } from "../retrieval/reading/kinds.ts";
import { UsageError } from "./command.ts";

/** Something to be added: a file, or an address. */
export type Source =
  | {
      readonly kind: "file";
      readonly path: string;
      /** Of the document: within a folder, with the folders below it, for a document is known by its name. */
      readonly name: string;
    }
  | { readonly kind: "page" | "sitemap"; readonly url: string };

/**
 * The files and addresses that these words name: of a folder every file, at any depth, whose ending is one that is read.
 * @param sitemap the addresses are those of sitemaps.
 * @throws {UsageError} when there is nothing to add, a path is not there, or two files would be one document.
 */
export function readSources(words: readonly string[], { sitemap }: { readonly sitemap: boolean }): readonly Source[] {
  if (words.length === 0) throw new UsageError("give at least one file or folder, or the address of a page");
  const sources = words.flatMap((word): readonly Source[] =>
    /^https?:\/\//i.test(word) ? [{ kind: sitemap ? "sitemap" : "page", url: word }] : filesIn(word),
  );
  if (sources.length === 0) throw new UsageError("there is no file of a kind that is read in what you gave");
  const files = sources.filter((source) => source.kind === "file");
  if (sitemap && files.length === sources.length) throw new UsageError("--sitemap wants an address");
  const twice = files.find(({ name }, at) => files.findIndex((file) => file.name === name) !== at);
  if (!twice) return sources;
  throw new UsageError(`${twice.path}: another file is named ${twice.name} too, and a name is one document`);
}

function filesIn(path: string): readonly Source[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new UsageError(`${path} does not exist`);
  if (stat.isFile()) return [{ kind: "file", path, name: basename(path) }];
  if (!stat.isDirectory()) throw new UsageError(`${path} is neither a file nor a folder`);
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => isRead(name) && statSync(join(path, name)).isFile())
    .sort()
    .map((name) => ({ kind: "file", path: join(path, name), name: name.replaceAll(sep, " - ") }));
}

function isRead(name: string): boolean {
  try {
    kindOf({ name, content: "" });
    return true;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}
