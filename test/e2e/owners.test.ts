import { describe, expect, it } from "vitest";
import { testApp } from "../support/test-app.ts";

describe("what belongs to whom", () => {
  it("tickets of one key are not shown to another key that names the same user, or nobody", async () => {
    const app = await testApp();
    const ask = (keyId: string, message: string) =>
      app.chat.run({
        requestId: "r",
        owner: { keyId, user: "guest" },
        message,
        signal: new AbortController().signal,
      });
    const opened = await ask("key-a", "My coffee machine leaks water. Please open a ticket. My phone is 13800138000.");
    const number = /TK-[0-9A-Z]{8}/.exec(opened.reply)?.[0] ?? "";
    expect(number).not.toBe("");
    for (const message of ["my tickets", `What is the state of ${number}?`]) {
      const foreign = await ask("key-b", message);
      expect(foreign.reply).not.toContain("13800138000");
      expect(foreign.reply).not.toContain("leaks");
    }
    expect((await ask("key-b", "I want to talk to a human")).escalation?.tickets).toEqual([]);
    expect((await ask("key-a", "I want to talk to a human")).escalation?.tickets).toEqual([number]);
    await app.close();
  });
});
