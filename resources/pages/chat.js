import { onKeyNeeded, ProblemError } from "./api.js";
import { createComposer } from "./composer.js";
import { byId, element } from "./dom.js";
import { askForKey } from "./key-form.js";
import { refreshTexts, say, startLanguage } from "./language.js";
import { createOutageWatch } from "./outage-watch.js";
import { problemView } from "./problem.js";
import { overNotice } from "./receipt.js";
import { createFollower } from "./scroll.js";
import { forgetSession, keepSession, keptSession, loadTurns, newTurnId } from "./session.js";
import { createTurn } from "./turn.js";
import { stopTurn, streamTurn } from "./turn-stream.js";

const log = byId("log");
const welcome = byId("welcome");
const follower = createFollower(byId("scroller"));
const outages = createOutageWatch();
// What is going on now; starting a new conversation abandons it.
let running;

const composer = createComposer({
  onSend: (message) => ask(message),
  onStop: () => running?.abort(),
});

function begin() {
  running?.abort();
  running = new AbortController();
  composer.setBusy(true);
  return running;
}

function finish(controller) {
  if (running !== controller) return;
  running = undefined;
  composer.setBusy(false);
}

function addTurn(message, turnId) {
  welcome.hidden = true;
  const turn = createTurn(message, () => {
    composer.focus();
    run(turn, message, turnId);
  });
  log.append(turn.node);
  return turn;
}

function ask(message) {
  const turnId = newTurnId();
  const turn = addTurn(message, turnId);
  follower.jump();
  return run(turn, message, turnId);
}

/** Runs a turn to its end. The same turn id again joins the turn that runs, or gets the answer that the server already has. */
async function run(turn, message, turnId) {
  const controller = begin();
  const current = () => running === controller;
  turn.start();
  follower.follow();
  try {
    const reply = await streamTurn(
      { message, turn_id: turnId, session_id: keptSession() },
      {
        signal: controller.signal,
        on: {
          meta({ session_id: id }) {
            turn.restart();
            if (current()) keepSession(id);
          },
          token({ text }) {
            turn.append(text);
            follower.follow();
          },
          restart: turn.restart,
          shutdown() {
            turn.away();
            follower.follow();
          },
          back: turn.back,
        },
      },
    );
    if (!current()) return;
    keepSession(reply.session_id);
    turn.done(reply);
    follower.follow();
    finish(controller);
    await sayWhatIsOver(turn, reply);
  } catch (error) {
    const problem = asProblem(error);
    if (problem.code === "stopped") stopTurn(turnId);
    if (problem.code === "session_not_found" && current()) forgetSession();
    turn.fail(problem);
    follower.follow();
  } finally {
    finish(controller);
  }
}

async function sayWhatIsOver(turn, reply) {
  const over = await outages.after(reply.degradation);
  if (over.length === 0 || !turn.node.isConnected) return;
  turn.node.before(overNotice(over));
  follower.follow();
}

function asProblem(error) {
  if (error instanceof ProblemError) return error.problem;
  if (error.name === "AbortError") return { code: "stopped" };
  throw error;
}

async function showHistory(sessionId) {
  const controller = begin();
  try {
    const turns = await loadTurns(sessionId, controller.signal);
    if (running !== controller) return;
    if (turns === undefined) forgetSession();
    const unfinished = (turns ?? [])
      .map((past, index) => showPast(past, index === turns.length - 1))
      .filter(Boolean)
      .at(-1);
    welcome.hidden = log.childElementCount > 0;
    outages.reset(turns?.findLast((turn) => turn.reply)?.reply.degradation);
    follower.jump();
    await unfinished?.();
  } catch (error) {
    if (running !== controller) return;
    const retry = () => {
      log.replaceChildren();
      showHistory(sessionId);
    };
    log.replaceChildren(problemView(asProblem(error), retry));
  } finally {
    finish(controller);
  }
}

/** Shows a turn of the history; returns how to go on with it when it was still running, or was the last and cut off with its server. */
function showPast({ turn_id: turnId, message, status, reply }, isLast) {
  const turn = addTurn(message, turnId);
  if (reply) turn.done(reply);
  else if (status === "running" || (status === "interrupted" && isLast)) return () => run(turn, message, turnId);
  else turn.fail({ code: "unanswered" });
  return undefined;
}

function showSuggestions() {
  const items = say("suggestionList").map(({ label, text, lang }) => {
    const button = element("button", { type: "button", lang }, element("small", {}, label), text);
    button.addEventListener("click", () => {
      composer.focus();
      ask(text);
    });
    return element("li", {}, button);
  });
  byId("suggestions").replaceChildren(...items);
}

function startOver() {
  running?.abort();
  running = undefined;
  composer.setBusy(false);
  forgetSession();
  outages.reset();
  log.replaceChildren();
  welcome.hidden = false;
  composer.focus();
}

onKeyNeeded(askForKey);
startLanguage(showSuggestions);
showSuggestions();
byId("new-conversation").addEventListener("click", startOver);
setInterval(refreshTexts, 1000);
const session = keptSession();
if (session) showHistory(session);
else startOver();
