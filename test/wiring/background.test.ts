import { expect, it } from "vitest";
import { createAlone } from "../../src/cluster/cluster.ts";
import { createConversations } from "../../src/conversations/create-conversations.ts";
import type { StoreAccess } from "../../src/fallbacks/store/access.ts";
import { createBackground } from "../../src/wiring/background.ts";
import { createIds, createTestAccess } from "../contracts/store-access.ts";
import { testContext } from "../support/context.ts";

it("an export says of a turn that this process is answering that it is running", async () => {
  const { access: store, clock, local } = createTestAccess();
  const [cluster, newId, random] = [createAlone("me"), createIds(), () => 0.5];
  const conversationsOf = (access: StoreAccess) => createConversations(access, { clock, newId, cluster, random });
  const conversations = conversationsOf(store);
  const background = createBackground({
    store,
    shared: false,
    stores: [local],
    cluster,
    conversations,
    conversationsOf,
    retentionDays: null,
    keyIds: () => ["key-1"],
    clock,
    random,
    newId,
    log: { info() {} },
    report() {},
  });
  const context = testContext({ clock, deadlineMs: 60_000 });
  const owner = { keyId: "key-1", user: "ann" };
  await conversations.begin({ owner, turnId: "t1", message: "hi", recent: 0 }, context);
  const found: string[] = [];
  for await (const item of background.privacy.export(owner, context))
    if (item.type === "turn") found.push(item.turn.status);
  expect(found).toEqual(["running"]);
  await background.close(0);
});
