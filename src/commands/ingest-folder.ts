import { type Dirent, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { Problem } from "../problems.ts";
import { kindOf } from "../retrieval/reading/kinds.ts";

/** Something in a folder that is not added, and why. */
export interface LeftOut {
  readonly path: string;
  readonly why: string;
}

/** A file, and its path within the folder that was named. */
export interface FoundFile {
  readonly path: string;
  readonly within: string;
}

/** What is at a path, behind links; a text says why nobody can tell, to be read behind the path. */
export function lookAt(path: string): Stats | string {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? "does not exist";
  } catch (error) {
    return `cannot be looked at: ${codeOf(error)}`;
  }
}

/**
 * The files of a folder whose ending is one that is read, at any depth, in the order of their paths. What begins with a dot is left out
 * whole. Links to folders are not followed, so that nothing is found twice or without end; links to files are where the file is in
 * the folder too. What cannot be looked at is left out with its reason.
 */
export function filesBelow(folder: string): {
  readonly files: readonly FoundFile[];
  readonly leftOut: readonly LeftOut[];
} {
  const files: FoundFile[] = [];
  const leftOut: LeftOut[] = [];
  const leave = (path: string, why: string) => void leftOut.push({ path, why });

  function walk(within: string): void {
    const entries = entriesOf(join(folder, within));
    if (typeof entries === "string") leave(join(folder, within), entries);
    else for (const entry of entries) take(entry, join(within, entry.name));
  }

  function take(entry: Dirent, within: string): void {
    const path = join(folder, within);
    if (entry.name.startsWith(".")) leave(path, "is hidden");
    else if (entry.isDirectory()) walk(within);
    else if (entry.isSymbolicLink()) takeLink(path, within);
    else if (!entry.isFile()) leave(path, "is neither a file nor a folder");
    else takeFile(path, within);
  }

  function takeLink(path: string, within: string): void {
    const stat = lookAt(path);
    if (typeof stat === "string") leave(path, `is a link to what ${stat}`);
    else if (stat.isDirectory()) leave(path, "is a link to a folder");
    else if (!stat.isFile()) leave(path, "is a link to what is no file");
    else if (!isInside(folder, path)) leave(path, "is a link to a file outside the folder, or to a hidden one");
    else takeFile(path, within);
  }

  function takeFile(path: string, within: string): void {
    if (isRead(within)) files.push({ path, within });
    else leave(path, "is not of a kind that is read");
  }

  walk("");
  const byPath = (one: FoundFile, other: FoundFile) => (one.within < other.within ? -1 : 1);
  return { files: files.sort(byPath), leftOut };
}

function entriesOf(path: string): readonly Dirent[] | string {
  try {
    return readdirSync(path, { withFileTypes: true, encoding: "utf8" });
  } catch (error) {
    return `cannot be opened: ${codeOf(error)}`;
  }
}

/** Whether what a link leads to at last is in the folder, and would be taken there too. */
function isInside(folder: string, link: string): boolean {
  const way = relative(realpathSync(folder), realpathSync(link)).split(sep);
  return !way.some((part) => part.startsWith("."));
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

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
