import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { ingestCommand } from "../../src/commands/ingest.ts";
import { createClient } from "../../src/rehearsal/client.ts";
import { knowledgeServer } from "../server/knowledge-rig.ts";
import { gate } from "../server/test-server.ts";
import { whileTimePasses } from "../support/while-time-passes.ts";

function folder(files: Readonly<Record<string, string | Uint8Array>>): string {
  const directory = mkdtempSync(join(tmpdir(), "understudy-ingest-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(directory, name, ".."), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
  return directory;
}

async function ingest(args: readonly string[], interactive = false) {
  let out = "";
  let err = "";
  const terminal = {
    out: (text: string) => void (out += `${text}\n`),
    err: (text: string) => void (err += text),
    interactive,
  };
  const code = await ingestCommand.run(args, terminal);
  return { code, out, err };
}

const files = {
  "a.md": "# A",
  "deep/b.pdf": new Uint8Array([0x25, 0xff, 0x00]),
  "deep/er/c.csv": "x,y\n",
  "picture.png": "not read",
};

describe("ingest", () => {
  it("sends every file of a folder that is read, as it is, and says when each is live", async () => {
    const { url, knowledge } = await knowledgeServer();
    const at = folder(files);
    const { code, out, err } = await ingest([at, "--url", url, "--audience", "agent, admin"]);
    expect({ code, out }).toEqual({ code: 0, out: "3 of 3 documents added\n" });
    const [first, ...lines] = err.trimEnd().split("\n");
    expect(first).toBe(`left out: ${join(at, "picture.png")} is not of a kind that is read`);
    expect(lines.map((line) => line.replace(/^\[\d/, "[n")).sort()).toEqual(
      ["a.md", "deep/b.pdf", "deep/er/c.csv"].map((name) => `[n/3] live ${join(at, name)}`),
    );
    expect(lines.map((line) => line.slice(0, 5))).toEqual(["[1/3]", "[2/3]", "[3/3]"]);
    const added = knowledge.asked.map(({ document }) => document).sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(added).toMatchObject([
      { name: "a.md", content: Buffer.from("# A"), audience: ["agent", "admin"] },
      { name: "deep - b.pdf", content: Buffer.from(files["deep/b.pdf"]) },
      { name: "deep - er - c.csv" },
    ]);
  });

  it("follows no link out of a folder or round in circles, takes nothing hidden, and says so", async () => {
    const { url, knowledge } = await knowledgeServer();
    const outside = folder({ "secret.md": "# Secret" });
    const at = folder({ "a.md": "# A", "deep/b.md": "# B", ".git/notes.md": "# N", ".env.md": "# E" });
    const links: Readonly<Record<string, string>> = {
      "broken.md": "/no/such/file.md",
      "inside.md": "deep/b.md",
      "loop.md": "loop.md",
      "out.md": join(outside, "secret.md"),
      "shown.md": ".env.md",
      "deep/up": "..",
    };
    for (const [name, target] of Object.entries(links)) symlinkSync(target, join(at, name));
    const { code, out, err } = await ingest([at, "--url", url]);
    expect({ code, out }).toEqual({ code: 0, out: "3 of 3 documents added\n" });
    expect(knowledge.asked.map(({ document }) => document.name).sort()).toEqual(["a.md", "deep - b.md", "inside.md"]);
    const left = Array.from(err.matchAll(/^left out: (.*)$/gm), ([, text = ""]) => text.replace(`${at}/`, "")).sort();
    expect(left).toEqual([
      ".env.md is hidden",
      ".git is hidden",
      "broken.md is a link to what does not exist",
      "deep/up is a link to a folder",
      "loop.md is a link to what cannot be looked at: ELOOP",
      "out.md is a link to a file outside the folder, or to a hidden one",
      "shown.md is a link to a file outside the folder, or to a hidden one",
    ]);
    await expect(ingest([join(at, "loop.md"), "--url", url])).rejects.toThrow("loop.md cannot be looked at: ELOOP");
  });

  it("does not fill the screen with what it left out", async () => {
    const { url } = await knowledgeServer();
    const pictures = Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`${n}.png`, ""]));
    const { err } = await ingest([folder({ ...pictures, "a.md": "# A" }), "--url", url]);
    expect(err.match(/^left out: /gm)).toHaveLength(21);
    expect(err).toContain("left out: 5 more\n");
  });

  it("names the address at which no server answers", async () => {
    const at = folder({ "a.md": "# A" });
    const { code, err } = await ingest([at, "--url", "http://127.0.0.1:1"]);
    expect(code).toBe(1);
    expect(err).toContain(`${join(at, "a.md")}: the server at http://127.0.0.1:1 does not answer (`);
  });

  it("names the sitemaps of an index that are skipped", async () => {
    const { url, web } = await knowledgeServer();
    const page = (path: string) => `https://shop.example/${path}`;
    const listed = ["gone.xml", "one.xml"].map((path) => `<sitemap><loc>${page(path)}</loc></sitemap>`).join("");
    web[page("index.xml")] = { mediaType: "text/xml", bytes: `<sitemapindex>${listed}</sitemapindex>` };
    web[page("one.xml")] = { mediaType: "text/xml", bytes: `<urlset><url><loc>${page("a")}</loc></url></urlset>` };
    web[page("a")] = { mediaType: "text/html", bytes: "<p>x" };
    const { out, err } = await ingest([page("index.xml"), "--sitemap", "--url", url]);
    expect(out).toBe("1 of 1 documents added\n");
    expect(err).toContain(`${page("gone.xml")}: skipped: ${page("gone.xml")} answers with 404.\n`);
  });

  it("gives each that fails its own reason, and ends with 1", async () => {
    const { url } = await knowledgeServer();
    const at = folder({ "bad.md": "", "good.md": "# Good", "a.exe": "x" });
    const { code, out, err } = await ingest([join(at, "a.exe"), join(at, "bad.md"), join(at, "good.md"), "--url", url]);
    expect({ code, out }).toEqual({ code: 1, out: "1 of 3 documents added\n" });
    expect(err).toContain(`${join(at, "bad.md")}: bad.md is empty. (document_unreadable)\n`);
    expect(err).toMatch(/a\.exe: a\.exe: files end in .*\(unsupported_media_type\)\n/);
  });

  it("takes addresses, and the pages of a sitemap", async () => {
    const { url, web } = await knowledgeServer();
    const page = (path: string) => `https://shop.example/${path}`;
    const html = { mediaType: "text/html", bytes: "<p>x" };
    Object.assign(web, { [page("a")]: html, [page("b")]: html });
    const listed = ["b", "gone"].map((path) => `<url><loc>${page(path)}</loc></url>`).join("");
    web[page("sitemap.xml")] = { mediaType: "text/xml", bytes: `<urlset>${listed}</urlset>` };
    expect(await ingest([page("a"), "--url", url])).toMatchObject({ code: 0, out: "1 of 1 documents added\n" });
    const { code, out, err } = await ingest([page("sitemap.xml"), "--sitemap", "--url", url]);
    expect({ code, out }).toEqual({ code: 1, out: "1 of 2 documents added\n" });
    expect(err).toContain(`live ${page("b")}\n`);
    expect(err).toContain(`${page("gone")}: ${page("gone")} answers with 404. (url_refused)\n`);
  });

  it("takes a page to crawl from, within bounds, and shows its pages as they come", async () => {
    const { url, web, clock } = await knowledgeServer();
    const page = (path: string) => `https://shop.example/${path}`;
    const link = (path: string) => `<a href="${path}">x</a>`;
    web[page("help/")] = { mediaType: "text/html", bytes: link("a") + link("gone") + link("/b") };
    web[page("help/a")] = { mediaType: "text/html", bytes: link("c") };
    for (const path of ["b", "help/c"]) web[page(path)] = { mediaType: "text/html", bytes: "<p>x" };
    const crawl = (...args: readonly string[]) =>
      whileTimePasses(clock, ingest([page("help/"), "--crawl", ...args, "--url", url]), 500);
    const { code, out, err } = await crawl();
    expect({ code, out }).toEqual({ code: 0, out: "3 of 3 documents added\n" });
    const lines = err.trimEnd().split("\n");
    expect(lines.pop()).toBe(`${page("help/gone")}: skipped: ${page("help/gone")} answers with 404.`);
    expect(lines.map((line) => line.replace(/^\[\d\/\d\] /, "")).sort()).toEqual(
      ["help/", "help/", "help/a", "help/c"].map((path) => `live ${page(path)}`),
    );
    expect(await crawl("--depth", "0")).toMatchObject({ out: "1 of 1 documents added\n" });
    expect(await crawl("--limit", "2")).toMatchObject({ out: "2 of 2 documents added\n" });
    expect(await crawl("--depth", "1", "--whole-site")).toMatchObject({ out: "3 of 3 documents added\n" });
  });

  it("prints the jobs as JSON", async () => {
    const { url } = await knowledgeServer();
    const at = folder({ "a.md": "# A", "bad.md": "" });
    const { code, out } = await ingest([at, "--json", "--url", url]);
    expect(code).toBe(1);
    const jobs = JSON.parse(out) as readonly { readonly name: string }[];
    expect(jobs.find(({ name }) => name === "a.md")).toMatchObject({ state: "live", document: { name: "a.md" } });
    expect(jobs.find(({ name }) => name === "bad.md")).toMatchObject({ state: "failed" });
  });

  it("draws a bar that fills by states on a screen", async () => {
    const { url, knowledge } = await knowledgeServer();
    const way = gate();
    knowledge.beforeLive = () => way.opened;
    const at = folder({ "a.md": "# A", "bad.md": "" });
    let err = "";
    const terminal = { out() {}, err: (text: string) => void (err += text), interactive: true };
    const done = ingestCommand.run([at, "--url", url], terminal);
    await vi.waitFor(() => expect(err).toContain("a.md: indexed"), { timeout: 20_000, interval: 5 });
    way.open();
    expect(await done).toBe(1);
    expect(err).toContain(`\r\u001b[K${"█".repeat(24)} 2/2, 1 failed`);
    expect(err).toMatch(/█░+ [01]\/2.* a\.md: indexed/);
  });

  it.each([
    [[], "give at least one file or folder"],
    [["/no/such/path"], "/no/such/path does not exist"],
    [["/dev/null"], "/dev/null is neither a file nor a folder"],
    [["--sitemap", "/etc/hostname"], "--sitemap wants an address"],
    [["--crawl", "/etc/hostname"], "--crawl wants an address"],
    [["--crawl", "--sitemap", "https://shop.example/"], "a --sitemap, or one to --crawl from"],
    [["--limit", "5", "https://shop.example/"], "--limit is for a --sitemap or a --crawl"],
    [["--sitemap", "--depth", "5", "https://shop.example/"], "--depth is for a --crawl"],
    [["--whole-site", "https://shop.example/"], "--whole-site is for a --crawl"],
    [
      ["--crawl", "--limit", "0", "https://shop.example/"],
      '--limit: "0" is not allowed; allowed: a whole number from 1',
    ],
    [
      ["--crawl", "--depth", "11", "https://shop.example/"],
      '--depth: "11" is not allowed; allowed: a whole number from',
    ],
    [["https://shop.example/", "--audience", "agent,,user"], "--audience wants roles"],
  ])("%j is wrong", async (args, message) => {
    await expect(ingest(args)).rejects.toThrow(message);
  });

  it("takes no two files for one document, nor a folder without any", async () => {
    const at = folder({ "a/x.md": "1", "b/x.md": "2", "c/picture.png": "3" });
    const twice = ingest([join(at, "a", "x.md"), join(at, "b", "x.md")]);
    await expect(twice).rejects.toThrow("another file is named x.md too");
    await expect(ingest([join(at, "c")])).rejects.toThrow("no file of a kind that is read");
  });
});

describe("a client that follows a job", () => {
  /** A server that answers one request after the other as told. */
  async function scripted(...answers: readonly ((response: import("node:http").ServerResponse) => void)[]) {
    let asked = 0;
    const server = createServer((_request, response) => {
      answers[Math.min(asked, answers.length - 1)]?.(response);
      asked += 1;
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { client: createClient(url), asked: () => asked };
  }
  const state = (name: string) => `event: state\ndata: {"job_id":"j","state":"${name}"}\n\n`;

  it("goes on when the stream breaks or the server restarts, and waits when it is asked to", async () => {
    const { client, asked } = await scripted(
      (response) => void response.writeHead(429, { "retry-after": "0" }).end("{}"),
      (response) => {
        response.write(state("received"));
        response.write(state("par"), () => response.destroy());
      },
      (response) => void response.end(`${state("parsed")}event: shutdown\ndata: {}\n\n`),
      (response) => void response.socket?.destroy(),
      (response) => void response.end(`: heartbeat\n\n${state("indexed")}${state("live")}`),
    );
    const heard: string[] = [];
    expect(await client.followJob("j", (job) => void heard.push(job.state))).toMatchObject({ state: "live" });
    expect(heard.filter((each) => each !== "par")).toEqual(["received", "parsed", "indexed", "live"]);
    expect(asked()).toBe(5);
  });

  it("ends when there is no such job", async () => {
    const { client, asked } = await scripted(
      (response) => void response.writeHead(404).end('{"detail":"no job","code":"not_found"}'),
    );
    await expect(client.followJob("j", () => {})).rejects.toThrow("no job (not_found)");
    expect(asked()).toBe(1);
  });
});
