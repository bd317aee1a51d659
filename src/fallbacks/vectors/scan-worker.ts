import { parentPort } from "node:worker_threads";
import type { FromScanThread, SentArena, ToScanThread } from "./scan.ts";
import { IN_THREAD } from "./scan-arena.ts";
import { type ArenaKernel, scanArenas } from "./scan-pages.ts";
import { kernelOn } from "./scan-wasm.ts";

// The scanning thread: one pass after the other over memory that it shares with whoever writes the rows.
const port = parentPort;
if (!port) throw new Error("this file runs in a worker");

/** Bytes. Where the system has larger ones, it is asked more often than is needed. */
const SYSTEM_PAGE = 4_096;

const known = new Map<number, ArenaKernel>();

function arenaOf({ id, memory }: SentArena): ArenaKernel {
  const arena = known.get(id) ?? (memory && { memory, kernel: kernelOn(memory) });
  if (!arena) throw new Error("the memory of the rows was not sent");
  known.set(id, arena);
  return arena;
}

function answer(message: Extract<ToScanThread, { type: "scan" }>): FromScanThread {
  const { pass, plan, count, queries } = message;
  try {
    const arenas = message.arenas.map(arenaOf);
    return { pass, found: scanArenas(arenas, plan, count, queries, IN_THREAD), reason: undefined };
  } catch (error) {
    return { pass, found: undefined, reason: String(error) };
  }
}

/** Adds nothing to one number of each page of the system: whatever is written there meanwhile, nothing is lost. */
function touch({ arena, from, to }: Extract<ToScanThread, { type: "touch" }>): void {
  const { memory } = arenaOf(arena);
  const numbers = new Int32Array(memory.buffer);
  const step = SYSTEM_PAGE / numbers.BYTES_PER_ELEMENT;
  const end = Math.min(numbers.length, to / numbers.BYTES_PER_ELEMENT);
  for (let at = from / numbers.BYTES_PER_ELEMENT; at < end; at += step) Atomics.add(numbers, at, 0);
}

port.on("message", (message: ToScanThread) => {
  if (message.type === "scan") port.postMessage(answer(message), []);
  else if (message.type === "touch") touch(message);
  else for (const id of message.ids) known.delete(id);
});
