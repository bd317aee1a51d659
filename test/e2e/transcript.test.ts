import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createApp } from "../../src/app.ts";
import { noSecrets } from "../../src/config/secrets.ts";
import { createLog } from "../../src/log.ts";
import { tenTurns } from "../../src/rehearsal/ten-turns.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { countingIds, testConfig } from "../support/test-app.ts";

interface Answer {
  readonly session_id: string;
  readonly degradation: readonly unknown[];
}

/** The ten turns over HTTP, each as the request that curl sends and the answer that it prints. */
async function converse(environment: Readonly<Record<string, string>>) {
  const clock = createManualClock();
  const app = await createApp(testConfig(environment), noSecrets, {
    clock,
    random: () => 0.5,
    newId: countingIds(),
    log: createLog("silent"),
  });
  const url = await app.listen();
  const turns: { readonly body: object; readonly answer: Answer; readonly degraded: string | null }[] = [];
  for (const messages of tenTurns) {
    let sessionId: string | undefined;
    for (const message of messages) {
      const body = { message, ...(sessionId !== undefined && { session_id: sessionId }) };
      const response = await fetch(`${url}/api/v1/chat`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      expect(response.status).toBe(200);
      const answer = (await response.json()) as Answer;
      turns.push({ body, answer, degraded: response.headers.get("x-degraded") });
      sessionId = answer.session_id;
      await clock.advance(20_000);
    }
  }
  await app.close();
  return turns;
}

const head = `# Ten turns

Five in English and five in Chinese, keyless, as \`curl\` sends and prints them, against \`npm start\`. \`degradation\` is the receipt: empty,
because nothing that is configured is away. A test runs these ten turns on both graph engines and holds this page against what the
server says; ids count up and the clock is set in it.
`;

function page(turns: Awaited<ReturnType<typeof converse>>): string {
  const sections = turns.map(
    ({ body, answer }, index) => `
## ${index + 1}

\`\`\`sh
curl -s http://127.0.0.1:8080/api/v1/chat -H 'content-type: application/json' -d '${JSON.stringify(body)}'
\`\`\`

\`\`\`json
${JSON.stringify(answer, null, 2)}
\`\`\`
`,
  );
  return [head, ...sections].join("");
}

describe("the transcript", () => {
  const directory = mkdtempSync(join(tmpdir(), "understudy-"));
  afterAll(() => rmSync(directory, { recursive: true }));

  it("is what the server says, the same through both graph engines", async () => {
    const langgraph = await converse({ DATA_DIR: join(directory, "langgraph") });
    const sequential = await converse({ DATA_DIR: join(directory, "sequential"), GRAPH_ENGINE: "sequential" });
    expect(sequential).toEqual(langgraph);
    expect(langgraph.every(({ answer, degraded }) => answer.degradation.length === 0 && degraded === null)).toBe(true);
    await expect(page(langgraph)).toMatchFileSnapshot("../../docs/transcript.md");
  });
});
