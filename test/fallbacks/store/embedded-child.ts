// Run by tests of the embedded store as a process of its own: works until it is killed, or until the disk takes no more.
import { statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { asLayerError } from "../../../src/fallbacks/core/errors.ts";
import { backup, STORE_FILE } from "../../../src/fallbacks/store/backup.ts";
import { draftOf } from "../../../src/fallbacks/store/backup-draft.ts";
import { createEmbeddedStore } from "../../../src/fallbacks/store/embedded.ts";
import type { Operation } from "../../../src/fallbacks/store/port.ts";
import { context, put, single } from "./embedded-operations.ts";

const [, , directory = "", task, argument = ""] = process.argv;
const store = createEmbeddedStore({ directory });

/** Whole when it returns. A pipe that nobody has read for a while takes nothing, and says so. */
function say(line: string): void {
  const bytes = Buffer.from(`${line}\n`);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(1, bytes, done);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

/** Keys 00000000, 00000001 and so on, one after the other; tells each that was acknowledged. */
async function write(): Promise<void> {
  for (let number = 0; ; number += 1) {
    const key = String(number).padStart(8, "0");
    await store.commit(single(key, "x".repeat(100)), context);
    say(key);
  }
}

/** As `write`, with large values, until it fails; tells all at the end. */
async function fill(): Promise<void> {
  const acknowledged: string[] = [];
  try {
    for (let number = 0; ; number += 1) {
      const key = String(number).padStart(8, "0");
      await store.commit(single(key, "x".repeat(100_000)), context);
      acknowledged.push(key);
    }
  } catch (error) {
    const readable = (await store.get("meta", "00000000", context)) !== undefined;
    say(JSON.stringify({ acknowledged, errorClass: asLayerError(error).errorClass, readable }));
  }
}

/** 64 at once, each with a row of turns and a count of them that must agree; goes on from what is there. */
async function load(): Promise<void> {
  const writer = async (name: string) => {
    let count = ((await store.get("meta", `count/${name}`, context))?.value ?? 0) as number;
    for (; ; count += 1) {
      const turn = put(`turn/${name}/${String(count).padStart(6, "0")}`, count, { expect: 0 });
      await store.commit({ id: `${name}/${count}`, writes: [turn, put(`count/${name}`, count + 1)] }, context);
      say(`${name}/${count}`);
    }
  };
  await Promise.all(Array.from({ length: 64 }, (_, index) => writer(`w${index}`)));
}

/**
 * So many operations, eight at a time; tells which were refused, does them again under the same ids up to four times,
 * and then dies without a word.
 */
async function insist(): Promise<void> {
  const insistOn = async (operation: Operation) => {
    for (let attempt = 0; attempt < 4; attempt += 1) {
      try {
        await store.commit(operation, context);
        say(`saved ${operation.id}`);
        return;
      } catch (error) {
        say(`refused ${operation.id} ${asLayerError(error).errorClass} ${asLayerError(error).message}`);
      }
    }
  };
  for (let first = 0; first < Number(argument); first += 8) {
    const ids = Array.from({ length: 8 }, (_, index) => `op-${first + index}`);
    await Promise.all(ids.map((id) => insistOn({ id, writes: [put(id, 1)] })));
  }
  process.kill(process.pid, "SIGKILL");
}

/** As a forced end does: exits with 1 in the middle of a group of 300 records, which is large enough for its first pages to be seen in the log. */
async function exit(): Promise<void> {
  await store.commit(single("before", 1), context);
  const logSize = () => statSync(join(directory, `${STORE_FILE}-wal`)).size;
  const before = logSize();
  void store.commitAll(
    Array.from({ length: 300 }, (_, index) => single(`group/${index}`, "x".repeat(9_900))),
    context,
  );
  while (logSize() === before) await new Promise<void>((resolve) => void setImmediate(resolve));
  process.exit(1);
}

/** Ends in the middle of a backup, when the first pages of the copy are there. */
async function endInBackup(end: () => void): Promise<void> {
  const all = Array.from({ length: 500 }, (_, index) => single(`before/${index}`, "x".repeat(9_900)));
  await store.commitAll(all, context);
  void backup({ directory, file: argument });
  const files = [draftOf(argument), argument];
  while (!files.some((file) => (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0))
    await new Promise<void>((resolve) => void setImmediate(resolve));
  end();
}

const tasks: Readonly<Record<string, () => Promise<void>>> = {
  write,
  fill,
  load,
  insist,
  exit,
  /** As a forced end does. */
  "exit-in-backup": () => endInBackup(() => process.exit(1)),
  "killed-in-backup": () => endInBackup(() => process.kill(process.pid, "SIGKILL")),
  backup: () => backup({ directory, file: argument }),
};
await tasks[task ?? ""]?.();
