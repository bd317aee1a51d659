// Run by embedded.test.ts as a process of its own: writes until it is killed, or until the disk takes no more.
import { writeSync } from "node:fs";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import { asLayerError } from "../../../src/fallbacks/core/errors.ts";
import { createEmbeddedStore } from "../../../src/fallbacks/store/embedded.ts";

const [, , directory = "", task] = process.argv;
const context = createContext({ clock: systemClock, requestId: "child", deadlineMs: 60_000 });
const store = createEmbeddedStore({ directory });
const size = task === "fill" ? 100_000 : 100;
const acknowledged: string[] = [];

async function write(): Promise<void> {
  for (let number = 0; ; number += 1) {
    const key = String(number).padStart(8, "0");
    const value = "x".repeat(size);
    await store.commit({ id: key, writes: [{ kind: "put", collection: "meta", key, value }] }, context);
    acknowledged.push(key);
    if (task === "write") writeSync(1, `${key}\n`);
  }
}

try {
  await write();
} catch (error) {
  const readable = (await store.get("meta", "00000000", context)) !== undefined;
  writeSync(1, JSON.stringify({ acknowledged, errorClass: asLayerError(error).errorClass, readable }));
}
