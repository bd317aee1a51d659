import { eventText } from "./event-stream.ts";

/** The events of one run of a turn, as they went over the wire, for whoever comes back for the rest. */
export interface TurnLog {
  /** True before the first event. */
  readonly empty: boolean;
  /** Bytes that it holds, the last event included. */
  readonly bytes: number;
  /** The id of the newest event; undefined before the first. */
  readonly lastId: string | undefined;
  /** Adds an event and returns its text. */
  add(event: string, data: unknown): string;
  /** Makes the last event, which is not part of what `since` gives. */
  last(event: string, data: unknown): string;
  /**
   * The text of what came after the event of that id, "" when there was nothing; everything when the id is undefined or of
   * another run. Null: the events are not kept.
   */
  since(id: string | undefined): string | null;
  /** Whether the id is that of an event of this run, the last one included. */
  knows(id: string | undefined): boolean;
  /**
   * Adds whole events of a run of another process as they are, ids included. Those of another run than before replace what
   * there was. Returns whether they are the first of their run here, so that each reader needs its own part of them.
   */
  take(events: string): boolean;
  /** Events of another process have come that are not kept. */
  skip(): void;
}

export interface TurnLogOptions {
  /**
   * Makes the ids of this run (`RUN-1`, `RUN-2`, ...) different from those of every other run of the turn, here or in
   * another process: texts of two runs are never joined. Null: ids are plain numbers, and nothing is kept.
   */
  readonly run: string | null;
  /** When the events together have more bytes than this, they are not kept any longer. */
  readonly maxBytes: number;
}

const ID = /^id: (.*-)([1-9]\d{0,9})$/m;

export function createTurnLog({ run, maxBytes }: TurnLogOptions): TurnLog {
  let prefix = run === null ? "" : `${run}-`;
  let kept: string[] | null = run === null ? null : [];
  let count = 0;
  let bytes = 0;

  /** The number of the event in this run, 1 for the first; 0 when it is none of its. */
  function numberOf(id: string | undefined): number {
    if (run === null || id === undefined || !id.startsWith(prefix)) return 0;
    const digits = id.slice(prefix.length);
    const number = /^[1-9]\d{0,9}$/.test(digits) ? Number(digits) : 0;
    return number <= count ? number : 0;
  }

  function next(event: string, data: unknown): string {
    const text = eventText(event, data, `${prefix}${count + 1}`);
    count += 1;
    bytes += kept ? Buffer.byteLength(text) : 0;
    return text;
  }

  function keep(text: string): void {
    if (bytes <= maxBytes) kept?.push(text);
    else forget();
  }

  function forget(): void {
    kept = null;
    bytes = 0;
  }

  return {
    get empty() {
      return count === 0;
    },
    get bytes() {
      return bytes;
    },
    get lastId() {
      return count === 0 ? undefined : `${prefix}${count}`;
    },
    add(event, data) {
      const text = next(event, data);
      keep(text);
      return text;
    },
    last: next,
    since: (id) => kept && kept.slice(numberOf(id)).join(""),
    knows: (id) => numberOf(id) > 0,
    take(events) {
      let first = count === 0;
      for (const text of events.split(/(?<=\n\n)/)) {
        const [, from = "", number = "0"] = ID.exec(text) ?? [];
        if (from !== prefix) {
          prefix = from;
          kept = [];
          bytes = 0;
          first = true;
        }
        count = Number(number);
        bytes += kept ? Buffer.byteLength(text) : 0;
        keep(text);
      }
      return first;
    },
    skip() {
      count += 1;
      forget();
    },
  };
}
