import type { Response } from "express";
import { z } from "zod";
import { Problem } from "../problems.ts";
import { type PageFile, readPageFiles } from "./page-files.ts";
import { defineRoute, type Route } from "./route.ts";
import type { ServerDeps } from "./server-deps.ts";

const CHAT = "chat.html";
const STATUS = "status.html";

// Links to pages get parameters on their way (campaigns, versions): they are let through and mean nothing.
const anyQuery = z.looseObject({});

export function pageRoutes({ pages }: ServerDeps): readonly Route[] {
  const files = readPageFiles(pages, [CHAT, STATUS]);
  const page = (path: string, name: string, summary: string) =>
    defineRoute({
      method: "get",
      path,
      role: "public",
      summary,
      query: anyQuery,
      answer: { status: 200, description: "The page", type: "text/html" },
      handle: ({ response }) => send(response, files.get(name)),
    });
  return [
    page("/", CHAT, "The chat page"),
    page("/status", STATUS, "The status page"),
    defineRoute({
      method: "get",
      path: "/assets/:file",
      role: "public",
      summary: "What the pages load",
      params: z.strictObject({ file: z.string() }),
      query: anyQuery,
      answer: { status: 200, description: "The file", type: "application/octet-stream" },
      handle: ({ response, params }) => send(response, files.get(params.file)),
    }),
  ];
}

function send(response: Response, file: PageFile | undefined): "sent" {
  if (!file) throw new Problem("not_found", "There is no such file.");
  response.set({ "Content-Type": file.type, "Cache-Control": "no-cache", ETag: file.etag });
  // Express answers 304 by itself when the client has this version.
  response.send(file.content);
  return "sent";
}
