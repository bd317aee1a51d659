import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../support/run-cli.ts";

let directory: string;
let environment: Record<string, string>;
let data: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "understudy-"));
  data = join(directory, "data");
  environment = { DATA_DIR: data, PORT: "0", SAMPLE_KNOWLEDGE: "off" };
  writeFileSync(join(directory, "opening.md"), "# Opening hours\n\n## Shop\n\nThe shop opens at 9 in the morning.\n");
});
afterAll(() => rmSync(directory, { recursive: true }));

describe("backup and restore", () => {
  const backedUp = () => join(directory, "monday.db");

  it("copy the store while nobody else has the file, and over another one only when told", async () => {
    const file = backedUp();
    await runCli(["ingest", join(directory, "opening.md")], { environment });
    expect(await runCli(["backup", file], { environment })).toMatchObject({ code: 0 });
    expect(await runCli(["backup", file], { environment })).toMatchObject({
      code: 1,
      err: expect.stringContaining(file),
    });
    expect(await runCli(["backup", file, "--overwrite"], { environment })).toMatchObject({ code: 0 });
  });

  it("bring back what there was, and keep what is there", async () => {
    const file = backedUp();
    const other = { ...environment, DATA_DIR: join(directory, "other") };
    expect(await runCli(["restore", file], { environment: other })).toMatchObject({ code: 0 });
    const asked = await runCli(["ask", "When does the shop open?"], { environment: other });
    expect(asked.out).toContain("The shop opens at 9 in the morning.");

    expect(await runCli(["restore", file], { environment: other })).toMatchObject({ code: 0 });
    expect(readdirSync(other.DATA_DIR).filter((name) => name.includes("before-restore"))).toHaveLength(1);
    expect((await runCli(["doctor"], { environment: other })).out).toMatch(
      /^ok {5}store file {5}\d+ records, .* schema \d+$/m,
    );
  });

  it("a damaged file is named by doctor, which ends with 1, and never overwritten by a restore that cannot be done", async () => {
    const damaged = { ...environment, DATA_DIR: join(directory, "damaged") };
    await runCli(["ingest", join(directory, "opening.md")], { environment: damaged });
    const file = join(damaged.DATA_DIR, "understudy.db");
    truncateSync(file, 5_000);
    const { code, out } = await runCli(["doctor"], { environment: damaged });
    expect(code).toBe(1);
    expect(out).toMatch(/^wrong {2}store file .*understudy\.db/m);
    const nothing = join(directory, "nothing.db");
    writeFileSync(nothing, "not a store");
    const refused = await runCli(["restore", nothing], { environment: damaged });
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("nothing.db") });
    expect(existsSync(file)).toBe(true);
  });

  it("a file of a newer version is refused by the server and by doctor, and left as it is", async () => {
    const newer = { ...environment, DATA_DIR: join(directory, "newer") };
    await runCli(["ingest", join(directory, "opening.md")], { environment: newer });
    const database = new Database(join(newer.DATA_DIR, "understudy.db"));
    database.pragma("user_version = 99");
    database.pragma("wal_checkpoint(TRUNCATE)");
    database.close();
    const before = readFileSync(join(newer.DATA_DIR, "understudy.db"));
    const refusal = "schema version 99 and this program knows";
    expect(await runCli(["serve"], { environment: newer })).toMatchObject({
      code: 1,
      err: expect.stringContaining(refusal),
    });
    const { code, out } = await runCli(["doctor"], { environment: newer });
    expect(code).toBe(1);
    expect(out).toMatch(/^wrong {2}store file .*schema version 99/m);
    expect(readFileSync(join(newer.DATA_DIR, "understudy.db"))).toEqual(before);
  });

  it.each([["backup"], ["restore"], ["backup", "a", "b"], ["restore", "a", "b"]])(
    "%s %s %s ends with 2 and says how it is used",
    async (...args) => {
      const { code, err } = await runCli(
        args.filter((word) => word !== undefined),
        { environment },
      );
      expect(code).toBe(2);
      expect(err).toContain(`usage: understudy ${args[0]} FILE`);
    },
  );
});
