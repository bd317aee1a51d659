const KEPT = "understudy.key";

let askForKey;
let asking;

/** What went wrong with a request: `code` of the server's table, or `network` / `cut` for failures on the way. */
export class ProblemError extends Error {
  constructor(problem, options) {
    super(problem.detail ?? problem.title ?? problem.code, options);
    this.problem = problem;
  }
}

/** Sets what is called when the server wants a key: `ask({ refused })` resolves to a key, or to null when nobody gives one. */
export function onKeyNeeded(ask) {
  askForKey = ask;
}

/**
 * A request to this server, with the key that the user gave for this tab.
 * @throws {ProblemError} for every answer that is not 2xx and not in `accept`; `AbortError` passes through.
 */
export async function request(path, { accept = [], headers, ...init } = {}) {
  const key = sessionStorage.getItem(KEPT);
  const response = await send(path, {
    ...init,
    headers: { ...headers, ...(key && { authorization: `Bearer ${key}` }) },
  });
  if (response.ok || accept.includes(response.status)) return response;
  if (response.status === 401 && key && !askForKey) {
    // This page asks for nothing: it goes on with what everybody may see.
    sessionStorage.removeItem(KEPT);
    return request(path, { accept, headers, ...init });
  }
  if (response.status === 401 && askForKey && (await newKey(key))) return request(path, { accept, headers, ...init });
  throw new ProblemError(await problemOf(response));
}

async function send(path, init) {
  try {
    return await fetch(path, init);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ProblemError({ code: "network" }, { cause: error });
  }
}

// Several requests that were refused at once share one form.
async function newKey(refused) {
  asking ??= askForKey({ refused: refused !== null }).finally(() => {
    asking = undefined;
  });
  const key = await asking;
  if (key) sessionStorage.setItem(KEPT, key);
  return key;
}

async function problemOf(response) {
  const after = Number(response.headers.get("retry-after"));
  const known = {
    code: `http_${response.status}`,
    title: response.statusText,
    ...(after > 0 && { retry_after: after }),
  };
  try {
    return { ...known, ...(await response.json()) };
  } catch {
    // A proxy between here and the server answers in its own words: the status is all there is to say.
    return known;
  }
}
