import { expect, it } from "vitest";
import { createLeases } from "../../src/fallbacks/store/leases.ts";
import { createUnite } from "../../src/wiring/unite.ts";
import { createIds, createTestAccess } from "../contracts/store-access.ts";
import { createScriptedStore } from "../fallbacks/store/scripted-store.ts";
import { testContext } from "../support/context.ts";
import { settle } from "../support/manual-clock.ts";

it("a lease that two processes took and renewed unseen is for nobody to look at: that of the shared store stays", async () => {
  const remote = createScriptedStore();
  const buried: string[] = [];
  const onBuried = ({ reason }: { reason: string }) => void buried.push(reason);
  const { access, clock } = createTestAccess({ remote, unite: createUnite(), onBuried });
  const other = createTestAccess({ clock, remote: remote.inside });
  const context = () => testContext({ clock, deadlineMs: 60_000 });
  const leases = [access, other.access].map((store) => createLeases(store, { clock, newId: createIds() }));
  remote.script = "refuse";
  const [mine, theirs] = await Promise.all(leases.map((one) => one.acquire("fill", 30_000, context())));
  for (let time = 0; time < 5; time += 1) {
    await clock.advance(10_000);
    expect(await mine?.renew(context())).toBe(true);
    expect(await theirs?.renew(context())).toBe(true);
  }
  remote.script = "up";
  for (let step = 0; step < 20; step += 1) {
    await clock.advance(2_000);
    await settle();
  }
  expect(access.status().state).toBe("ok");
  expect(buried).toEqual([]);
  expect(await access.deadLetters?.listDead(10, context())).toEqual([]);
  // Two minds about it until now; from now on there is one.
  expect([await mine?.renew(context()), await theirs?.renew(context())]).toEqual([false, true]);
  await access.close();
});
