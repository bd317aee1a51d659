import type { Language } from "../text/language.ts";

export type { Language } from "../text/language.ts";
export const languages = ["en", "zh"] as const satisfies readonly Language[];

export const intents = [
  "knowledge_qa",
  "business_query",
  "ticket",
  "emotion_sensitive",
  "human_request",
  "chitchat",
  "unknown",
] as const;
export type Intent = (typeof intents)[number];

export const emotions = ["anger", "anxiety", "disappointment", "satisfaction", "neutral"] as const;
export type Emotion = (typeof emotions)[number];
