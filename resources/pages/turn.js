import { element } from "./dom.js";
import { groundingNotes } from "./grounding.js";
import { handoffView } from "./handoff.js";
import { keepText, markLanguage, say } from "./language.js";
import { problemView } from "./problem.js";
import { receiptView } from "./receipt.js";
import { relatedChips, sourceChips } from "./sources.js";

/** One question with its answer. `onRetry` is called when the user wants a failed one tried again. */
export function createTurn(message, onRetry) {
  const text = element("div", { class: "answer-text" });
  const answer = element("div", { class: "answer" });
  const away = keepText(element("p", { class: "notice away", role: "status" }), () => say("shutdownNotice"));
  const node = element("article", { class: "turn" }, markLanguage(element("p", { class: "message" }, message)), answer);

  function start() {
    text.textContent = "";
    text.classList.add("running");
    // A screen reader waits for the whole answer instead of reading each piece.
    answer.setAttribute("aria-busy", "true");
    answer.replaceChildren(text);
  }

  function end(...parts) {
    text.classList.remove("running");
    answer.removeAttribute("aria-busy");
    answer.replaceChildren(...(text.textContent === "" ? [] : [text]), ...parts);
  }

  return {
    node,
    start,
    append(piece) {
      text.append(piece);
    },
    restart() {
      text.textContent = "";
    },
    /** The server goes away: what is there stays, and the rest will come. */
    away() {
      answer.append(away);
    },
    back() {
      away.remove();
    },
    done(reply) {
      text.textContent = reply.reply;
      markLanguage(text);
      const parts = [];
      if (reply.sources.length > 0) parts.push(sourceChips(reply.sources));
      // A server of another version, behind the same address, may not name any.
      if (reply.related?.length > 0) parts.push(relatedChips(reply.related));
      parts.push(...groundingNotes(reply.grounding));
      if (reply.escalation) parts.push(handoffView(reply.escalation));
      if (reply.degradation.length > 0) parts.push(receiptView(reply.degradation));
      parts.push(keepText(element("p", { class: "by" }), () => say("servedBy", { by: reply.served_by })));
      end(...parts);
    },
    fail(problem) {
      end(problemView(problem, onRetry));
    },
  };
}
