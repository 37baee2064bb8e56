import { z } from 'zod';

const program = z.string().min(1).meta({
  description: "Found in PATH, or a path relative to the working directory. node: the executor's own Node.",
});
const args = z.array(z.string()).default([]).meta({
  description:
    'Each entry is one argument, whole. It may contain {{arguments.NAME}}, {{execution.id}}, {{execution.attempt}}, {{run.id}}, {{run.user_id}}, {{approval.resolved_by}}, {{env.NAME}} and {{env.NAME:-DEFAULT}}; one whose only placeholder is an argument without a value is omitted. A value of a call never becomes an option: where it decides the first character it must not be a dash, unless an entry before it is -- (for programs that end their options so) or it is listed under allow_leading_dash. What a program does with other values is its own, such as @file of curl.',
});

export const CommandEntry = z.strictObject({
  program,
  args,
  allow_leading_dash: z.array(z.string().min(1)).default([]).meta({
    description:
      'Arguments whose values may begin with a dash although the program could take them for options, such as a number.',
  }),
  timeout: z
    .number()
    .positive()
    .max(86_400)
    .optional()
    .meta({ description: 'Seconds after which it is killed. Unset: EXECUTION_TIMEOUT_SECONDS.' }),
  env: z.record(z.string().min(1), z.string()).default({}).meta({
    description:
      'Its environment besides PATH, LANG and HOME, an empty directory that goes with the call. May contain {{env.NAME}} and {{env.NAME:-DEFAULT}}.',
  }),
  run_as: z
    .strictObject({ uid: z.int().min(1).max(4_294_967_294), gid: z.int().min(1).max(4_294_967_294) })
    .optional()
    .meta({
      description:
        'Another user of the machine, so that the program can read no file and no memory of the executor; only an executor that runs as root can do that.',
    }),
  working_directory: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "Relative to this file's directory, which is also where it runs when unset." }),
  retry_on_exit_codes: z.array(z.int().min(1).max(255)).default([]).meta({
    description: 'With these the program says that it has done nothing and may be run again, such as 75 (EX_TEMPFAIL).',
  }),
  unknown_on_exit_codes: z.array(z.int().min(1).max(255)).default([]).meta({
    description:
      'With these the program says that it cannot tell whether it was done, such as 76 when a connection was lost. With any other code but 0 the call has failed.',
  }),
  status: z.strictObject({ program, args }).optional().meta({
    description:
      'Queries the target for the outcome of a call that is unknown. Exit code 0: it was made, and the output is the result. 1: it was not made. Anything else: still unknown.',
  }),
});
/** A program that makes a tool's calls. */
export type CommandEntry = z.infer<typeof CommandEntry>;
