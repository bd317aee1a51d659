import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commands } from "../../src/commands/commands.ts";
import { runCli } from "../support/run-cli.ts";

let directory: string;
let environment: Record<string, string>;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "understudy-"));
  environment = { DATA_DIR: join(directory, "data"), PORT: "0", SAMPLE_KNOWLEDGE: "off" };
  mkdirSync(join(directory, "docs", "deep"), { recursive: true });
  writeFileSync(
    join(directory, "docs", "opening.md"),
    "# Opening hours\n\n## Shop\n\nThe shop opens at 9 in the morning.\n",
  );
  writeFileSync(join(directory, "docs", "deep", "broken.txt"), Buffer.from([0, 255, 254, 0, 0, 1, 2, 0]));
  writeFileSync(join(directory, "docs", "picture.png"), "not read");
});
afterAll(() => rmSync(directory, { recursive: true }));

describe("the command line", () => {
  it("ingests a folder into the data directory, a broken file with its own reason, and answers from it", async () => {
    const ingested = await runCli(["ingest", join(directory, "docs")], { environment });
    expect(ingested).toMatchObject({ code: 1, out: "1 of 2 documents added\n" });
    expect(ingested.err).toContain("[2/2]");
    expect(ingested.err).toContain(
      "broken.txt: deep - broken.txt is not text in UTF-8, UTF-16 with a byte order mark, or GB18030 (document_unreadable)",
    );

    const asked = await runCli(["ask", "When does the shop open?"], { environment });
    expect(asked.code).toBe(0);
    expect(asked.out).toContain("The shop opens at 9 in the morning.");
    expect(asked.out).toContain("[1] Opening hours › Shop");
  });

  it("keeps files of the same name in different folders apart", async () => {
    for (const folder of ["north", "south"]) {
      mkdirSync(join(directory, "shops", folder), { recursive: true });
      writeFileSync(
        join(directory, "shops", folder, "hours.md"),
        `# Hours ${folder}\n\nThe ${folder} shop closes at 6.\n`,
      );
    }
    const ingested = await runCli(["ingest", join(directory, "shops")], { environment });
    expect(ingested).toMatchObject({ code: 0, out: "2 of 2 documents added\n" });
    expect((await runCli(["ask", "When does the north shop close?"], { environment })).out).toContain(
      "The north shop closes",
    );
    expect((await runCli(["ask", "When does the south shop close?"], { environment })).out).toContain(
      "The south shop closes",
    );
    const twice = ["north", "south"].map((folder) => join(directory, "shops", folder, "hours.md"));
    const refused = await runCli(["ingest", ...twice], { environment });
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining("another file is named hours.md") });
  });

  it("doctor says that all is well, layer by layer", async () => {
    const { code, out } = await runCli(["doctor"], { environment });
    expect(out).toMatch(/^ok {5}configuration/);
    expect(out).toContain("graph          langgraph, then sequential");
    expect(code).toBe(0);
  });

  it("doctor names what is wrong, and does not end with 0", async () => {
    const { code, out } = await runCli(["doctor"], { environment, hide: ["@langchain/langgraph"] });
    expect(out).toMatch(/wrong {2}graph +degraded: Cannot find package '@langchain\/langgraph'/);
    expect(code).toBe(1);
  });

  it("reads for help, and for a command, only what that needs", async () => {
    const hide = ["express", "langfuse", "pdfjs-dist", "@langchain/core"];
    const { code, out } = await runCli(["--help"], { environment, hide: [...hide, "pino", "zod"] });
    expect(code).toBe(0);
    expect(out.match(/^ {2}\S+/gm)?.map((name) => name.trim())).toEqual(Object.keys(commands));
    expect(await runCli(["backup", "x"], { environment: { DATA_DIR: ":memory:" }, hide })).toMatchObject({
      code: 2,
      err: expect.stringContaining("there is nothing to copy\nusage: understudy backup FILE [--overwrite]"),
    });
    const missing = await runCli(["ask", "x"], { environment, hide });
    expect(missing).toMatchObject({ code: 1, err: expect.stringMatching(/^Cannot find package '[^']+'.*\n$/) });
  });

  it("has a program for every command", async () => {
    for (const entry of Object.values(commands))
      expect(await entry.load()).toMatchObject({ run: expect.any(Function) });
  });

  it.each([
    [["status"], 1, "does not answer"],
    [["status", "not a url"], 2, '"not a url" is not a URL'],
    [["ask"], 2, "give one question"],
    [["ask", "a", "b"], 2, "give only one question"],
    [["ask", "x", "--jsn"], 2, "Unknown option '--jsn'"],
    [["ingest"], 2, "give at least one file or folder"],
    [["ingest", "/no/such/path"], 2, "/no/such/path does not exist"],
    [["ingest", "/dev/null"], 2, "/dev/null is neither a file nor a folder"],
    [["drill", "fire"], 2, 'there is no drill "fire"'],
    [["doctor", "--all"], 2, "Unknown option '--all'"],
  ])("%j ends with %i and says why", async (args, code, message) => {
    const finished = await runCli(args, { environment: { ...environment, PORT: "1" } });
    expect(finished.code).toBe(code);
    expect(finished.err).toContain(message);
    expect(finished.err).not.toMatch(/\n\s+at /);
  });

  it("says what there is for a command that is not there", async () => {
    const { code, out } = await runCli(["sereve"], { environment });
    expect(code).toBe(2);
    expect(out).toContain('unknown command "sereve"');
    expect(out).toMatch(/drill matrix/);
    expect((await runCli(["--help"], { environment })).code).toBe(0);
  });
});
