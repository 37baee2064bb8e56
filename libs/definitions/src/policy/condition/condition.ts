import { Subject as AnySubject } from '@countersign/contracts/auth';
import { z } from 'zod';
import { patternProblem } from '../../pattern/pattern.js';
import { ToolReference } from '../../schema/tool-reference.js';
import { AgentId } from '../../schema/tool.js';
import { ServerName } from '../../schema/mcp-server.js';

/** Canonical subjects. There is no `*`: omit the list to match everyone. */
export const Subject = AnySubject.refine((subject) => subject !== '*', '* is not allowed: name each one');

const Scalar = z.union([z.string(), z.number(), z.boolean()]);

const Pattern = z
  .string()
  .max(1_000)
  .superRefine((pattern, context) => {
    const problem = patternProblem(pattern);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: `is no pattern: ${problem}` });
  });

const isNotEmpty = (fields: object): boolean => Object.values(fields).some((value) => value !== undefined);

/** The predicate of one argument; all operators must hold. */
export const Predicate = z
  .strictObject({
    equals: Scalar.optional(),
    not_equals: Scalar.optional(),
    in: z.array(Scalar).min(1).optional(),
    not_in: z.array(Scalar).min(1).optional(),
    matches: Pattern.optional().meta({
      description:
        'A regular expression of JavaScript with the flag u, found anywhere unless it says ^ and $, in a time linear in the text: look-ahead, look-behind, back references and more than 1,000 repetitions are refused. Texts of more than 10,000 characters are not compared.',
    }),
    greater_than: z.number().optional(),
    less_than: z.number().optional(),
    at_least: z.number().optional(),
    at_most: z.number().optional(),
    exists: z.boolean().optional().meta({ description: 'null is as good as absent.' }),
    contains: Scalar.optional().meta({ description: 'A part of a text, or a member of a list.' }),
    starts_with: z.string().min(1).optional(),
    ends_with: z.string().min(1).optional(),
    ignore_case: z.literal(true).optional().meta({
      description:
        'Texts are compared as names of people are: without regard to case, to the forms of Unicode that mean the same, and to white space around the value.',
    }),
  })
  .refine(
    (predicate) => isNotEmpty({ ...predicate, ignore_case: undefined }),
    'has no operator: use equals, matches, exists or another',
  )
  .meta({ id: 'Predicate', minProperties: 1 });
export type Predicate = z.infer<typeof Predicate>;

const hint = z.boolean().optional();

/** What the MCP server of a tool says of it. */
export const Annotations = z
  .strictObject({
    trusted: z.array(ServerName).min(1).meta({
      description:
        'The MCP servers whose word is taken. Of a tool of another server, or of none, it is open whether the rule is meant.',
    }),
    readOnlyHint: hint,
    destructiveHint: hint,
    idempotentHint: hint,
    openWorldHint: hint,
  })
  .refine(
    (annotations) => isNotEmpty({ ...annotations, trusted: undefined }),
    'compares nothing: use readOnlyHint, destructiveHint, idempotentHint or openWorldHint',
  )
  .meta({ id: 'Annotations', minProperties: 2 });
export type Annotations = z.infer<typeof Annotations>;

/** Which calls are meant; everything that it names must be so. */
export interface Condition {
  agent?: string[] | undefined;
  tool?: string[] | undefined;
  requester?: string[] | undefined;
  arguments?: Record<string, Predicate> | undefined;
  annotations?: Annotations | undefined;
  all?: Condition[] | undefined;
  any?: Condition[] | undefined;
  not?: Condition | undefined;
}

/** What a rule says under `when`: may be empty, for every call. */
export const When: z.ZodType<Condition> = z
  .strictObject({
    agent: z.array(AgentId).min(1).optional(),
    tool: z.array(ToolReference).min(1).optional(),
    requester: z.array(Subject).min(1).optional().meta({
      description:
        'Who started the run: who sent the request, and for whom. When only one of the two is named, it is open whether the rule is meant.',
    }),
    arguments: z
      .record(z.string().min(1), Predicate)
      .refine((predicates) => Object.keys(predicates).length > 0, 'names no argument')
      .optional()
      .meta({
        minProperties: 1,
        description:
          'By name; a dot leads into an object or list. An argument that is absent, or of another type than it is compared with, leaves open whether the rule is meant: then one that approves is passed over, one that rejects does, and one that requires adds its terms. To leave such calls out, say exists: true as well.',
      }),
    annotations: Annotations.optional(),
    get all() {
      return z.array(Condition).min(1).optional();
    },
    get any() {
      return z.array(Condition).min(1).optional();
    },
    get not() {
      return Condition.optional();
    },
  })
  .meta({ id: 'When' });

/** A condition inside another is never empty, which would hold for every call. */
const Condition: z.ZodType<Condition> = When.refine(isNotEmpty, 'names nothing').meta({
  id: 'Condition',
  minProperties: 1,
});
