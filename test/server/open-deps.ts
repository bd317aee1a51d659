import { createAccounts } from "../../src/accounts/accounts.ts";
import type { ServerDeps } from "../../src/server/server-deps.ts";
import { fakeIngestion } from "../ingestion/fake-ingestion.ts";
import {
  echoChat,
  fakeConversations,
  fakeKnowledge,
  idleOperations,
  layerStatus,
  pagesDirectory,
  recordingLog,
} from "./test-server.ts";

/** What a server of fakes needs, open to everybody, for tests that close it themselves. */
export function openDeps(change: Partial<Omit<ServerDeps, "settings">> & Pick<ServerDeps, "clock">): ServerDeps {
  return {
    chat: echoChat,
    conversations: fakeConversations(),
    knowledge: fakeKnowledge(),
    ingestion: fakeIngestion(),
    layers: () => [layerStatus()],
    ready: () => ({ ready: true, reasons: [] }),
    accounts: createAccounts({ mode: "open", keys: [] }),
    ...idleOperations,
    log: recordingLog(),
    newId: () => "0".repeat(32),
    pages: pagesDirectory(),
    settings: {
      version: "0",
      host: "127.0.0.1",
      production: false,
      authMode: "open",
      corsOrigins: [],
      maxDeadlineMs: 30_000,
      maxBodyBytes: { chat: 1_000, documents: 1_000 },
      requestsPerMinute: 100_000,
      turnsAtOnce: 8,
    },
    ...change,
  };
}
