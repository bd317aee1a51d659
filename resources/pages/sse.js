/**
 * Reads server-sent events from text that arrives in pieces of any size.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 * `push` calls `emit({ event, data, id })` for each event that is complete; an unfinished last event is never emitted.
 */
export function createEventParser(emit) {
  let rest = "";
  let event = "";
  let id = "";
  let data = [];

  function readLine(line) {
    if (line === "") {
      if (data.length > 0) emit({ event: event || "message", data: data.join("\n"), id });
      event = "";
      data = [];
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event = value;
    else if (field === "data") data.push(value);
    else if (field === "id") id = value;
  }

  return {
    push(text) {
      rest += text;
      // A carriage return at the very end may be the first half of CRLF: it waits for what follows.
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      for (const line of lines) readLine(line);
    },
  };
}
