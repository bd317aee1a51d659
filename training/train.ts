import { writeFileSync } from "node:fs";
import { createChineseWords } from "../src/text/chinese-words.ts";
import { encodeWordTopics } from "../src/text/word-vectors-format.ts";
import { encodeChineseWords, learnChineseWords } from "./chinese-words.ts";
import { readListedWords } from "./listed-words.ts";
import { readTopics } from "./topics.ts";
import { learnWordTopics } from "./word-topics.ts";

const topics = readTopics(new URL("topics/", import.meta.url));
const chinese = learnChineseWords(topics, readListedWords());
writeFileSync(new URL("../resources/words/words-zh.txt", import.meta.url), encodeChineseWords(chinese));
const words = learnWordTopics(topics, createChineseWords(chinese));
const bytes = encodeWordTopics(words);
writeFileSync(new URL("../resources/words/word-topics.bin", import.meta.url), bytes);
process.stdout.write(
  `${words.starts.length - 1} subjects of ${topics.length} topics, ${words.dimension} numbers a vector, ${bytes.length} bytes; ${chinese.size} Chinese words\n`,
);
