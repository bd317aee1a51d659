import { element } from "./dom.js";
import { keepText, say, wordsFor } from "./language.js";
import { clockTime, lengthInWords } from "./time.js";

/** Operators see every port of a layer but the last; everybody else none. */
const portsOf = (block) => block.candidates ?? [];

/** What operators have ordered, one line each: which port, what, who, until when, why. */
export function orderLines(block) {
  return portsOf(block)
    .filter(({ forced }) => forced)
    .map(({ name, forced }) => {
      const { action, author, until, reason } = forced;
      const what = wordsFor(`order.${action}`) ?? action;
      return keepText(element("li"), () => say("order", { name, what, author, until: clockTime(until), reason }));
    });
}

/** The ports in the order in which they are asked, each with its state and for how long it lasts. */
export function portLines(block) {
  return portsOf(block).map((port) => {
    const line = element("li", { "data-state": port.state }, element("code", {}, port.name), " ");
    line.append(keepText(element("span"), () => stateOf(port)));
    return line;
  });
}

function stateOf({ state, until }) {
  const word = wordsFor(`port.${state}`) ?? state;
  const left = Date.parse(until ?? "") - Date.now();
  return left > 0 ? say("portFor", { state: word, length: lengthInWords(left) }) : word;
}
