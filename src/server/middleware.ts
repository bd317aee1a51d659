import type { Request, RequestHandler, Response } from "express";

/** Runs a middleware as a step of a function: resolves when it calls `next`, rejects with what it hands on or throws. */
export function apply(middleware: RequestHandler, request: Request, response: Response): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: unknown) => {
      if (error === undefined || error === null) resolve();
      else reject(error instanceof Error ? error : new Error("a middleware failed", { cause: error }));
    };
    Promise.resolve(middleware(request, response, done)).catch(reject);
  });
}
