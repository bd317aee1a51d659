export const languages = ["en", "zh"] as const;
export type Language = (typeof languages)[number];

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
