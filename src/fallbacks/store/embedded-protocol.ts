import type { ErrorClass } from "../core/errors.ts";
import type { Collection, Committed } from "./port.ts";

/** A write with its value as JSON text, made when the store was called: what the caller does to the value later is not seen. */
export interface PostedWrite {
  readonly collection: Collection;
  readonly key: string;
  /** Absent: a deletion. */
  readonly text?: string;
  readonly expect?: number;
  readonly version?: number;
}

/** What the writing thread is asked to do. Times are ms of the wall clock since 1970. */
export type WriteTask =
  | { readonly kind: "operation"; readonly id: string; readonly writes: readonly PostedWrite[]; readonly at: number }
  | { readonly kind: "forget"; readonly before: number; readonly limit: number };

/** Of an operation what became of it, of `forget` how many graves went. */
export type WriteResult = Committed | number;

/** To the writing thread: first the file, then groups, each when the one before is answered, then the end of that file. */
export type ToWriter =
  | { readonly type: "open"; readonly file: string }
  | { readonly type: "group"; readonly tasks: readonly WriteTask[] }
  | { readonly type: "close" };

/** From the writing thread, to a group or to the end of a file. After `failed` with `ending` it ends by itself. */
export type FromWriter =
  | { readonly type: "done"; readonly results: readonly WriteResult[] }
  | { readonly type: "failed"; readonly errorClass: ErrorClass; readonly message: string; readonly ending: boolean }
  | { readonly type: "closed" };
