import { element } from "./dom.js";
import { keepText, say, wordsFor } from "./language.js";
import { lengthInWords } from "./time.js";

/** What went wrong, in words, with a way on. `stopped` (the user's own doing) is no alarm. */
export function problemView(problem, onRetry) {
  const stopped = problem.code === "stopped";
  const box = element("div", { class: stopped ? "problem stopped" : "problem" });
  const title = () => wordsFor(`problem.${problem.code}`) ?? problem.title ?? say("problem.unknown");
  box.append(keepText(element("p", { class: "problem-title" }), title));
  if (problem.detail) box.append(element("p", {}, problem.detail));
  if (problem.retry_after > 0) {
    const readyAt = Date.now() + problem.retry_after * 1000;
    box.append(keepText(element("p"), () => retryWords(readyAt - Date.now())));
  }
  const retry = keepText(element("button", { type: "button" }), () => say("tryAgain"));
  retry.addEventListener("click", onRetry);
  box.append(retry);
  return box;
}

const retryWords = (ms) => (ms > 0 ? say("retryIn", { length: lengthInWords(ms) }) : say("retryNow"));
