const MB = 1024 * 1024;

/** What a file may cost before it is refused. A manual of thousands of pages stays far below; a bomb does not. */
export const readingLimits = {
  /** Of the file as it came. */
  fileBytes: 20 * MB,
  /** Of what was read from it, as UTF-8. */
  textBytes: 5 * MB,
  /** Entries of a zip archive, whether they are needed or not. */
  zipEntries: 1_000,
  /** The same of an EPUB book, where each picture is one. */
  bookEntries: 10_000,
  /** Of all entries that are needed, unpacked. */
  zipBytes: 50 * MB,
  /** Times that an entry may be larger than its packed form, once it is larger than `zipRatioFrom`. */
  zipRatio: 100,
  zipRatioFrom: MB,
  /** Elements inside one another. */
  depth: 500,
  /** Elements of all XML parts of an archive: each costs about a kilobyte while it is read. */
  elements: 150_000,
  /** Pages of a PDF. */
  pages: 2_000,
  /** Rows of a table. */
  rows: 100_000,
  /** Columns of a table. */
  columns: 1_000,
  /** UTF-16 units of one row of a table. */
  rowLength: MB,
  /** Values, objects and lists of a JSON file. */
  jsonParts: 1_000_000,
  /** Milliseconds. */
  timeMs: 30_000,
  /** MB of JavaScript objects. */
  heapMb: 256,
  /** MB of everything: objects, buffers and the code of the parsers. */
  memoryMb: 640,
} as const;

export type ReadingLimits = { readonly [limit in keyof typeof readingLimits]: number };

/** A number of bytes as people say it. */
export const inMb = (bytes: number): string => `${bytes / MB} MB`;

/** Ends the process that reads, when it takes too much memory; nothing else sends it. */
export const MEMORY_SIGNAL = "SIGUSR2";
