import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { App } from "../../src/app.ts";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { largeItems } from "../retrieval/large-items.ts";
import { testApp } from "../support/test-app.ts";
import { documentsPath, form } from "./knowledge-rig.ts";
import { readStream } from "./stream-reader.ts";
import { keyOf, postJson, testKeys } from "./test-server.ts";

let app: App;
let url = "";
const bearer = (role: string) => ({ authorization: `Bearer ${keyOf(role)}` });

beforeAll(async () => {
  const environment = { SAMPLE_KNOWLEDGE: "off", AUTH_MODE: "required", API_KEYS: testKeys };
  app = await testApp({ clock: systemClock }, environment);
  url = await app.listen();
  await add("delivery.md", largeItems);
  const forStaff = "# Crews\n\n## At the door\n\nThe crew signs for each fridge from the van.\n";
  await add("staff.md", forStaff, [["audience", "agent"]]);
});
afterAll(async () => {
  await app.close();
});

async function add(name: string, content: string, fields: readonly (readonly [string, string])[] = []) {
  const body = form([[name, content]], fields);
  const response = await fetch(`${url}${documentsPath}?wait=60`, { method: "POST", headers: bearer("admin"), body });
  expect(response.status).toBe(201);
}

interface Place {
  readonly document_id: string;
  readonly title: string;
  readonly heading: string;
  readonly chunk_id: string;
  readonly start: number;
  readonly end: number;
}

interface Answer {
  readonly session_id: string;
  readonly reply: string;
  readonly sources: readonly unknown[];
  readonly related: readonly Place[];
}

async function get<T>(path: string): Promise<T> {
  return (await (await fetch(url + path, { headers: bearer("user") })).json()) as T;
}

async function chat(body: object): Promise<Answer> {
  const response = await postJson(`${url}/api/v1/chat`, body, bearer("user"));
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}

const question = "Does the van bring my fridge after dark?";

describe("a question without an answer", () => {
  it("names where it may be, as text and as a place that opens", async () => {
    const { reply, sources, related } = await chat({ message: question });
    expect(reply).toContain("I do not know");
    expect(reply).toContain("“Large items”");
    expect(sources).toEqual([]);
    expect(related).toMatchObject([{ title: "Delivery", heading: "Large items" }]);
    const [place] = related;
    expect(place).not.toHaveProperty("quote");
    const opened = await get<Place & { readonly quote: string }>(`/api/v1/sources/${place?.chunk_id ?? ""}`);
    expect(opened).toMatchObject({ chunk_id: place?.chunk_id, start: place?.start, end: place?.end });
    expect(opened.quote).toContain("Two people carry them");
  });

  it("is the same in the stream, in the history, for the turn asked again, and in the user's export", async () => {
    const body = { message: question, turn_id: "turn_related", user: "ada" };
    const stream = await readStream(url, body, bearer("user"));
    await stream.over;
    const done = stream.events.find(({ event }) => event === "done")?.data as unknown as Answer;
    expect(done.related).toMatchObject([{ heading: "Large items" }]);
    const history = await get<{ readonly items: readonly { readonly reply: Answer }[] }>(
      `/api/v1/sessions/${done.session_id}?user=ada`,
    );
    expect(history.items.map(({ reply }) => reply.related)).toEqual([done.related]);
    expect((await chat({ ...body, session_id: done.session_id })).related).toEqual(done.related);
    const exported = await fetch(`${url}/api/v1/users/ada/data`, { headers: bearer("user") });
    expect(await exported.text()).toContain(`"related":${JSON.stringify(done.related)}`);
  });

  it("is in the receipt of the OpenAI protocol", async () => {
    const body = { model: "understudy", messages: [{ role: "user", content: question }] };
    const response = await postJson(`${url}/v1/chat/completions`, body, bearer("user"));
    const { understudy } = (await response.json()) as { readonly understudy: Answer };
    expect(understudy.related).toMatchObject([{ heading: "Large items" }]);
  });

  it("names nothing that the asker may not read", async () => {
    const ask = (...roles: readonly string[]) =>
      app.chat.run({
        requestId: "r",
        owner: { keyId: "k", user: "guest" },
        message: "Who pays for the van and the fridge?",
        roles: new Set(roles),
        signal: new AbortController().signal,
      });
    const ofAgent = await ask("user", "agent");
    expect(ofAgent.related.map(({ heading }) => heading)).toContain("At the door");
    const ofUser = await ask("user");
    expect(ofUser.related.map(({ heading }) => heading)).toEqual(["Large items"]);
    expect(JSON.stringify(ofUser)).not.toContain("At the door");
  });
});
