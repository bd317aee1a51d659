import { writeFileSync } from "node:fs";
import { encodeWordTopics } from "../src/text/word-vectors-format.ts";
import { encodeChineseWords, learnChineseWords } from "./chinese-words.ts";
import { readTopics } from "./topics.ts";
import { learnWordTopics } from "./word-topics.ts";

const topics = readTopics(new URL("topics/", import.meta.url));
const words = learnWordTopics(topics);
const bytes = encodeWordTopics(words);
writeFileSync(new URL("../resources/words/word-topics.bin", import.meta.url), bytes);
const chinese = learnChineseWords(topics);
writeFileSync(new URL("../resources/words/words-zh.txt", import.meta.url), encodeChineseWords(chinese));
process.stdout.write(
  `${words.terms.length} terms of ${topics.length} topics, ${words.dimension} numbers a vector, ${bytes.length} bytes; ${chinese.size} Chinese words\n`,
);
