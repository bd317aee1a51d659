import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { readSets } from "../../src/evaluation/sets.ts";

const made: string[] = [];
afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function folder(files: Record<string, readonly unknown[]>): string {
  const directory = mkdtempSync(join(tmpdir(), "sets-"));
  made.push(directory);
  for (const [name, rows] of Object.entries(files)) {
    mkdirSync(join(directory, name, ".."), { recursive: true });
    writeFileSync(
      join(directory, name),
      rows.map((row) => (typeof row === "string" ? row : JSON.stringify(row))).join("\n"),
    );
  }
  return directory;
}

const corpus = [
  { _id: "a", title: "A", text: "one" },
  { _id: 2, text: "two" },
];

describe("labelled sets", () => {
  it("reads texts, questions and what they are about, and leaves out questions about nothing", () => {
    const queries = [
      { _id: "q", text: "one?" },
      { _id: "none", text: "three?" },
    ];
    const grades = [
      { query_id: "q", doc_id: 2, score: 2 },
      { query_id: "none", doc_id: "a", score: 0 },
    ];
    const [set] = readSets(folder({ "corpus.jsonl": corpus, "queries.jsonl": queries, "qrels.jsonl": grades }));
    expect(set).toMatchObject({
      kind: "retrieval",
      texts: [
        { id: "a", title: "A", text: "one" },
        { id: "2", title: "", text: "two" },
      ],
      questions: [{ id: "q", text: "one?", grades: new Map([["2", 2]]) }],
    });
  });

  it("reads questions to documents, and those of the folders in a folder", () => {
    const row = {
      id: 1,
      lang: "zh",
      question: "多久？",
      should_answer: true,
      gold_sections: ["a.md#期限"],
      key_facts: [["7 天"]],
    };
    const directory = folder({
      "one/qa.jsonl": [row],
      "one/kb/a.md": ["# 期限"],
      "two/qa.jsonl": [{ ...row, gold_sections: undefined }],
    });
    expect(readSets(directory)).toMatchObject([
      {
        kind: "answers",
        name: "one",
        directory: join(directory, "one", "kb"),
        questions: [{ id: "1", key_facts: [["7 天"]] }],
      },
      { kind: "answers", name: "two", directory: undefined, questions: [{ gold_sections: [], forbidden_facts: [] }] },
    ]);
  });

  it("reads what is to be refused, and replies with their passages", () => {
    const directory = folder({
      "abstain/corpus.jsonl": corpus,
      "abstain/abstain.jsonl": [
        { text: "q", label: "answerable" },
        { text: "r", label: "unanswerable" },
      ],
      "intents/test.jsonl": [{ text: "q", label: "greeting" }],
      "more/dev.jsonl": [{ knowledge: "k", response: "r", label: "Not attributable" }],
      "support/groundedness.jsonl": [{ knowledge: "k", response: "r", label: "Fully attributable" }],
    });
    expect(readSets(directory)).toMatchObject([
      { kind: "abstain", questions: [{ answerable: true }, { answerable: false }] },
      { kind: "support", cases: [{ passage: "k", reply: "r", supported: false }] },
      { kind: "support", cases: [{ passage: "k", reply: "r", supported: true }] },
    ]);
  });

  it.each([
    ["no JSON", "{", "line 2"],
    ["a field that is missing", { question: "?" }, "line 2: id"],
    ["a language that is none", { id: 1, lang: "fr", question: "?", should_answer: true }, "line 2: lang"],
  ])("names the file and the line of %s", (_, row, expected) => {
    const good = { id: 1, lang: "en", question: "?", should_answer: false };
    const directory = folder({ "qa.jsonl": [good, row] });
    expect(() => readSets(directory)).toThrow(`${join(directory, "qa.jsonl")}, ${expected}`);
  });

  it("says so where there is no set, or no folder", () => {
    expect(() => readSets(folder({ "a.txt": ["x"] }))).toThrow("there is no set in it");
    expect(() => readSets("/nowhere/at/all")).toThrow("/nowhere/at/all does not exist");
  });
});
