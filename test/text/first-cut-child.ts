import { segmenterWords } from "../../src/text/segmenter-words.ts";

process.stdout.write(JSON.stringify(["ー茑", "ー茑"].map((run) => segmenterWords.endsOf(run))));
