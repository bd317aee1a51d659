import { ProblemError, request } from "./api.js";

const KEPT = "understudy.session";

export const keptSession = () => sessionStorage.getItem(KEPT) ?? undefined;
export const keepSession = (id) => sessionStorage.setItem(KEPT, id);
export const forgetSession = () => sessionStorage.removeItem(KEPT);

/** All turns of a session, oldest first; undefined when there is no such session any more. */
export async function loadTurns(id, signal) {
  const path = `/api/v1/sessions/${encodeURIComponent(id)}`;
  const turns = [];
  let after = "";
  try {
    do {
      const response = await request(path + (after && `?after=${encodeURIComponent(after)}`), { signal });
      const page = await response.json();
      turns.push(...page.items);
      after = page.next;
    } while (after);
  } catch (error) {
    if (error instanceof ProblemError && error.problem.code === "session_not_found") return undefined;
    throw error;
  }
  return turns;
}

/** 128 random bits as 32 hex digits. Unlike `randomUUID`, it also works on plain http. */
export function newTurnId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
