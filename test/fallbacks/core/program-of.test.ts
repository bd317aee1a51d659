import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { argumentsOf, programOf } from "../../../src/fallbacks/core/program-of.ts";

const program = programOf(new URL("./typed-program.ts", import.meta.url));

it("runs a program from its sources as a process", () => {
  const { stdout, status } = spawnSync(process.execPath, [...argumentsOf(program)], { encoding: "utf8" });
  expect([stdout, status]).toEqual(["from sources", 0]);
});

it("runs a program from its sources as a thread", async () => {
  const options = { stdout: true };
  const worker =
    "code" in program ? new Worker(program.code, { ...options, eval: true }) : new Worker(program.file, options);
  let said = "";
  worker.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  await once(worker, "exit");
  expect(said).toBe("from sources");
});
