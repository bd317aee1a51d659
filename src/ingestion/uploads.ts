import type { Clock } from "../fallbacks/core/clock.ts";
import { type CallContext, createContext } from "../fallbacks/core/context.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import type { Served } from "../fallbacks/core/layer.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { Write } from "../fallbacks/store/port.ts";
import { atMost } from "./at-most.ts";
import { readUploadPart, type UploadPart } from "./ingest-records.ts";

/** What has been received and is not read yet, in parts, so that no single record is large. */
export interface Uploads {
  /** Durable when it returns the number of its parts, 1 or more; when it fails, nothing is to be left. @throws {LayerError} as the store. */
  put(uploadId: string, content: Uint8Array, context: CallContext): Promise<number>;
  /**
   * Puts content of one part in the place of what is there; when it fails, that stays.
   * @throws {LayerError} as the store; `invalid_request` above 384,000 bytes.
   */
  replace(uploadId: string, content: Uint8Array, context: CallContext): Promise<void>;
  /**
   * Undefined: it is not there (any more).
   * @throws {LayerError} as the store; `loading`, with the time to come back, while only an old copy could tell.
   */
  read(uploadId: string, parts: number, context: CallContext): Promise<Uint8Array | undefined>;
  /** Of what is not there nothing is removed. */
  remove(uploadId: string, parts: number, context: CallContext): Promise<void>;
  /** Removes what nobody will read, also where the caller has gone or has no time left. Never throws: what stays, the sweep will find. */
  discard(uploadId: string, parts: number, context: CallContext): Promise<void>;
  /** The first one behind `after`, by id. @throws {LayerError} as `read`. */
  next(after: string | undefined, context: CallContext): Promise<FoundUpload | undefined>;
}

/** An upload as it is found in the store. */
export interface FoundUpload {
  readonly uploadId: string;
  readonly parts: number;
  /** When it was received, in ms of the wall clock since 1970; 0 where nobody can tell. */
  readonly at: number;
}

export interface UploadsOptions {
  readonly store: Pick<StoreAccess, "commit" | "get" | "list">;
  readonly clock: Clock;
  /** Never the same twice. */
  readonly newId: () => string;
  /** Hears of what could not be removed. */
  readonly report: (error: unknown, fields: object) => void;
}

/** Bytes of a part: 512 kB in base64. */
const PART_BYTES = 384_000;
/** Writes of several callers share one sync of the disk. */
const AT_ONCE = 4;
const REMOVE_MS = 10_000;
const REMOVING = "removing what was received of a file";
const COME_BACK_MS = 30_000;
const PART_DIGITS = 5;
const collection = "uploads";

/** Sorts behind every part of an upload. */
const behind = (uploadId: string) => `${uploadId}/~`;
const keyOf = (uploadId: string, part: number) => `${uploadId}/${String(part).padStart(PART_DIGITS, "0")}`;

export function createUploads({ store, clock, newId, report }: UploadsOptions): Uploads {
  const commit = (writes: readonly Write[], context: CallContext) =>
    store.commit({ id: `uploads:${newId()}`, writes }, context);

  async function remove(uploadId: string, parts: number, context: CallContext): Promise<void> {
    const keys = numbers(parts).map((part) => keyOf(uploadId, part));
    await commit(
      keys.map((key) => ({ kind: "delete", collection, key })),
      context,
    );
  }

  async function discard(uploadId: string, parts: number, { requestId }: CallContext): Promise<void> {
    const rest = createContext({ clock, requestId, deadlineMs: REMOVE_MS });
    await remove(uploadId, parts, rest).catch((cause: unknown) => report(cause, { doing: REMOVING, uploadId }));
  }

  return {
    async put(uploadId, content, context) {
      const parts = Math.max(1, Math.ceil(content.length / PART_BYTES));
      const at = clock.wall().getTime();
      const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
      try {
        await atMost(AT_ONCE, numbers(parts), async (part) => {
          const data = bytes.toString("base64", part * PART_BYTES, (part + 1) * PART_BYTES);
          const value: UploadPart = { at, parts, data };
          await commit([{ kind: "put", collection, key: keyOf(uploadId, part), value: { ...value } }], context);
        });
      } catch (error) {
        await discard(uploadId, parts, context);
        throw error;
      }
      return parts;
    },
    async read(uploadId, parts, context) {
      const pieces = await atMost(AT_ONCE, numbers(parts), async (part) => {
        const served = await store.get(collection, keyOf(uploadId, part), context);
        const found = readUploadPart(served.value?.value);
        return found ? Buffer.from(found.data, "base64") : void certain(served);
      });
      const there = pieces.filter((piece) => piece !== undefined);
      return there.length === parts ? Buffer.concat(there) : undefined;
    },
    async replace(uploadId, content, context) {
      if (content.length > PART_BYTES) {
        throw new LayerError(
          "invalid_request",
          `a part has at most ${PART_BYTES} bytes, but this has ${content.length}`,
        );
      }
      const data = Buffer.from(content.buffer, content.byteOffset, content.length).toString("base64");
      const value: UploadPart = { at: clock.wall().getTime(), parts: 1, data };
      await commit([{ kind: "put", collection, key: keyOf(uploadId, 0), value: { ...value } }], context);
    },
    remove,
    discard,
    async next(after, context) {
      const start = after === undefined ? {} : { after: behind(after) };
      const [first] = certain(await store.list({ collection, limit: 1, ...start }, context));
      if (!first) return undefined;
      const part = readUploadPart(first.value);
      return { uploadId: first.key.slice(0, first.key.lastIndexOf("/")), parts: part?.parts ?? 1, at: part?.at ?? 0 };
    },
  };
}

/** What the copy on this machine lacks, the store that all share may have. @throws {LayerError} `loading`. */
function certain<T>({ value, degraded }: Served<T>): T {
  if (degraded === undefined) return value;
  throw new LayerError("loading", "the store that all servers share is away, and the copy here may lack an upload", {
    retryAfterMs: COME_BACK_MS,
  });
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, number) => number);
}
