import { AgentRunnerConfig } from '@countersign/agent-runner';
import { ApprovalServiceConfig } from '@countersign/approval-service';
import { AuditConfig } from '@countersign/audit';
import { ExecutorConfig } from '@countersign/executor';
import { z } from 'zod';

export const configs: Record<string, z.ZodObject> = {
  'agent-runner': AgentRunnerConfig,
  'approval-service': ApprovalServiceConfig,
  executor: ExecutorConfig,
  audit: AuditConfig,
};

/** What stands beside the schema of a setting, in its `meta`. */
interface About {
  description: string;
  /** A value that the schema accepts. */
  example: string;
  /** Of a number. */
  unit?: string;
  /** What holds while it is not set, where that is no value. */
  unset?: string;
  /** May stand in the file that `NAME_FILE` names. */
  secret?: boolean;
}

/** As much of a JSON Schema as tells which values there are. */
interface Values {
  enum?: string[];
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
}

/** Each service has its own. */
const ports = Object.values(configs).map(({ shape }) => (shape as Record<string, z.ZodType>)['PORT']!.parse(undefined));

export interface Setting {
  name: string;
  services: string[];
  schema: z.ZodType;
  about: Partial<About>;
  values: Values;
  /** Whether it is true or false. */
  isFlag: boolean;
  /** As it would stand in the environment. */
  preset: string | undefined;
}

/** Every setting of every service, once. */
export const settings: Setting[] = Object.entries(
  Object.assign({}, ...Object.values(configs).map(({ shape }) => shape)) as Record<string, z.ZodType>,
).map(([name, schema]) => ({
  name,
  services: Object.keys(configs).filter((service) => name in configs[service]!.shape),
  schema,
  about: (schema.meta() ?? {}) as Partial<About>,
  values: z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Values,
  isFlag: typeof schema.safeParse(undefined).data === 'boolean',
  preset: presetOf(name, schema),
}));

function presetOf(name: string, schema: z.ZodType): string | undefined {
  if (name === 'PORT') return ports.join('`, `');
  const preset = schema.safeParse(undefined).data;
  return preset === undefined ? undefined : String(preset);
}
