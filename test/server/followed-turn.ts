import { expect, vi } from "vitest";
import { createManualClock } from "../support/manual-clock.ts";
import { type PlayedRun, playedChat, readStream } from "./stream-reader.ts";
import { recordingLog, type ServerChange, startServer } from "./test-server.ts";

/** The request that all follow. */
export const turn = { message: "hi", turn_id: "t1" };
export const GRACE_MS = 10_000;
export const KEPT_MS = 60_000;

/** A server whose turns the test plays, and clients that may lose it. Time stands still unless the test moves it. */
export async function rig(settings: ServerChange["settings"] = {}) {
  const clock = createManualClock();
  const chat = playedChat();
  const log = recordingLog();
  const { url, port } = await startServer({ chat, clock, log, settings });
  const ended = () => log.lines.filter(({ message }) => message === "request").length;
  return {
    url,
    port,
    chat,
    clock,
    log,
    read: (body: object = turn, headers: Record<string, string> = {}) => readStream(url, body, headers),
    after: (id: string | undefined, body: object = turn) =>
      readStream(url, body, id === undefined ? {} : { "last-event-id": id }),
    /** Hangs up, and waits until the server has noticed. */
    async lose(reader: { leave(): void }): Promise<void> {
      const before = ended();
      reader.leave();
      await vi.waitFor(() => expect(ended()).toBe(before + 1), { timeout: 20_000 });
      await clock.advance(0);
    },
  };
}

/** The first events of a run: `meta`, and a token for each text. */
export function begin(run: PlayedRun, ...texts: readonly string[]): void {
  run.emit({ type: "meta", sessionId: "ses_1", turnId: "t1" });
  for (const text of texts) run.say(text);
}

/** The run of a turn that has one reader, who has had `meta` and a token for each text. */
export async function begun(server: Awaited<ReturnType<typeof rig>>, ...texts: readonly string[]) {
  const reading = server.read();
  const run = await server.chat.begun(1);
  begin(run, ...texts);
  const reader = await reading;
  await reader.has(texts.length + 1);
  return { run, reader };
}

/** The names of the events so far. */
export const names = ({ events }: { readonly events: readonly { readonly event: string }[] }) =>
  events.map(({ event }) => event).join(" ");
