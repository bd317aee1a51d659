import { z } from "zod";
import { type Role, roles } from "../accounts/roles.ts";
import { Problem } from "../problems.ts";
import type { TrialOrder } from "../retrieval/knowledge.ts";
import { LONGEST_QUESTION } from "../retrieval/retrieve.ts";
import { MOST_QUESTIONS } from "../retrieval/trial.ts";
import { type BodyReader, jsonBody, requireBody, wrongType } from "./body.ts";
import { givenFacts } from "./knowledge-schemas.ts";
import {
  DOCUMENT_TYPES,
  documentSchema,
  factsIn,
  formShape,
  JSON_BYTES,
  listIn,
  MULTIPART,
  readForm,
} from "./upload.ts";
import { validate } from "./validation.ts";

/** Of UTF-8 for one UTF-16 unit, which is what the length of a question counts. */
const MOST_UNIT_BYTES = 3;
const LINE_END_BYTES = 2;
/** All questions that are allowed, one a line, in one field. */
const FIELD_BYTES = MOST_QUESTIONS * (LONGEST_QUESTION * MOST_UNIT_BYTES + LINE_END_BYTES);

const questionsSchema = z
  .array(z.string().max(LONGEST_QUESTION).regex(/\S/, { error: "must not be empty or blank" }))
  .min(1)
  .max(MOST_QUESTIONS);
const rolesSchema = z
  .array(z.enum(roles))
  .max(roles.length)
  .meta({ description: "Ask as whoever has these roles would; absent: in all documents." });

const trialSchema = documentSchema.extend({ questions: questionsSchema, roles: rolesSchema.optional() });
const orderSchema = trialSchema.omit({ name: true, content: true });

const formSchema = z.object({
  file: z.string().meta({ format: "binary" }),
  questions: z.string().meta({ description: `1 to ${MOST_QUESTIONS} questions, one a line.` }),
  roles: rolesSchema.optional(),
  ...formShape,
});

/** Reads one document and what to ask it, as files of a form or as JSON; the document has at most `maxBytes`. */
export function trialBody(maxBytes: number): BodyReader<TrialOrder> {
  const json = jsonBody(trialSchema, Math.min(maxBytes, JSON_BYTES));
  return {
    content: { ...json.content, [MULTIPART]: { schema: formSchema } },
    async read(request, response) {
      requireBody(request);
      const type = request.is(DOCUMENT_TYPES);
      if (type === false) throw wrongType(request, `${MULTIPART} or application/json`);
      if (type !== MULTIPART) {
        const { name, content, ...order } = await json.read(request, response);
        return orderOf({ name, content }, order);
      }
      const { files, fields } = await readForm(request, response, maxBytes, FIELD_BYTES);
      const [file, ...more] = files;
      if (!file || more.length > 0)
        throw new Problem("invalid_request", "One `file` is tried at a time.", { field: "file" });
      const { questions, roles: asked, ...facts } = fields;
      const given = {
        ...factsIn(facts),
        questions: listIn(questions, /\r?\n/),
        ...(asked !== undefined && { roles: listIn(asked, ",") }),
      };
      return orderOf(file, validate(orderSchema, given, "body"));
    },
  };
}

function orderOf(
  file: Pick<TrialOrder["document"], "name" | "content">,
  { questions, roles: asked, ...facts }: z.output<typeof orderSchema>,
): TrialOrder {
  return { document: { ...file, ...givenFacts(facts) }, questions, roles: asked ? new Set<Role>(asked) : "all" };
}
