import { RETRY_AFTER_S } from "./drain.ts";
import { type EventStream, noticeText } from "./event-stream.ts";

/** Writes to a stream, and tells its client once that the server goes away. */
export interface ShutdownNotice {
  /** Sends whole events. */
  readonly write: (events: string) => void;
  /** There is nobody to tell any more. */
  forget(): void;
}

/** @param begun aborted when the server begins to go away: told at once, but never before the first event of the answer. */
export function createShutdownNotice(stream: EventStream, begun: AbortSignal): ShutdownNotice {
  let written = false;
  let told = false;

  function tell(): void {
    if (!written || told) return;
    told = true;
    stream.write(noticeText("shutdown", { retry_after_s: RETRY_AFTER_S }));
  }

  begun.addEventListener("abort", tell);
  return {
    write(events) {
      stream.write(events);
      written = true;
      if (begun.aborted) tell();
    },
    forget: () => begun.removeEventListener("abort", tell),
  };
}
