import type {
  CommandEntry,
  ExecuteEntry,
  HttpEntry,
  HttpPollEntry,
  KafkaEntry,
  ToolEntry,
} from '@countersign/definitions';
import type { Adapter, ApprovedCall } from './adapter.js';
import { CommandAdapter, type CommandLine } from './command/command.js';
import { requireRunAs } from './command/user.js';
import { HttpAdapter } from './http/http.js';
import type { Question } from './http/question.js';
import { KafkaAdapter } from './kafka/kafka.js';
import type { ExecutorConfig } from '../config.js';
import { compileArguments } from '../templates/arguments.js';
import { compileHeaders } from '../templates/headers.js';
import { compileJson } from '../templates/json.js';
import { compileTemplate, fixedValue, type TemplateScope } from '../templates/template.js';
import { compileUrl } from '../templates/url.js';

/** What every adapter of a tool is held to. */
interface Limits {
  /** Milliseconds, unless the entry has its own. */
  timeout: number;
  maxOutput: number;
}

/** How the calls of a tool are made; undefined when a person makes them. @throws ConfigError */
export function adapterOf(
  { max_output: maxOutput }: ToolEntry,
  execute: ExecuteEntry,
  { PATH, EXECUTION_TIMEOUT_SECONDS }: ExecutorConfig,
  surroundings: TemplateScope,
): Adapter | undefined {
  const { command, http, kafka } = execute;
  const seconds = command?.timeout ?? http?.timeout ?? kafka?.timeout ?? EXECUTION_TIMEOUT_SECONDS;
  const limits = { timeout: seconds * 1000, maxOutput };
  if (command) return commandAdapter(command, PATH, surroundings, limits);
  if (http) return httpAdapter(http, surroundings, limits);
  return kafka ? kafkaAdapter(kafka, surroundings, limits) : undefined;
}

function commandAdapter(command: CommandEntry, PATH: string, surroundings: TemplateScope, limits: Limits): Adapter {
  const {
    env,
    retry_on_exit_codes: retryOn,
    status,
    run_as,
    unknown_on_exit_codes: unknownOn,
    working_directory,
  } = command;
  if (run_as) requireRunAs(run_as);
  const declared = Object.entries(env).map(([name, text]) => [name, fixedValue(text, surroundings)]);
  return new CommandAdapter({
    ...limits,
    ...commandLine(command, command.allow_leading_dash, surroundings),
    env: { PATH, LANG: 'C.UTF-8', ...Object.fromEntries(declared) },
    ...(run_as && { runAs: run_as }),
    retryOn,
    unknownOn,
    ...(status && { status: commandLine(status, command.allow_leading_dash, surroundings) }),
    ...(working_directory !== undefined && { cwd: working_directory }),
  });
}

function commandLine(
  { program, args }: Pick<CommandEntry, 'program' | 'args'>,
  allowed: readonly string[],
  surroundings: TemplateScope,
): CommandLine {
  return {
    program: program === 'node' ? process.execPath : program,
    args: compileArguments(args, allowed, surroundings),
  };
}

function httpAdapter(http: HttpEntry, surroundings: TemplateScope, limits: Limits): Adapter {
  const { allow_private: allowPrivate, body, headers, method, poll, result, status, url } = http;
  return new HttpAdapter({
    ...limits,
    method,
    url: compileUrl(url, surroundings),
    headers: compileHeaders(headers, surroundings),
    ...(body !== undefined && { body: compileJson(body, surroundings) }),
    result,
    allowPrivate,
    ...(poll && { poll: questionOf(poll, surroundings) }),
    ...(status && { status: questionOf(status, surroundings) }),
  });
}

const questionOf = ({ every, url, ...question }: HttpPollEntry, surroundings: TemplateScope): Question => ({
  ...question,
  url: compileUrl(url, surroundings),
  everyMs: every * 1000,
});

function kafkaAdapter(kafka: KafkaEntry, surroundings: TemplateScope, limits: Limits): Adapter {
  const { failed, headers, key, reply_topic: replyTopic, result, status, succeeded, topic, value } = kafka;
  return new KafkaAdapter({
    ...limits,
    topic,
    replyTopic,
    ...(key !== undefined && { key: compileTemplate(key, surroundings) }),
    headers: compileTexts(headers, surroundings),
    value: compileJson(value, surroundings),
    status,
    succeeded,
    failed,
    result,
  });
}

/** What was not given is left out. */
function compileTexts(texts: Record<string, string>, surroundings: TemplateScope) {
  const compiled = Object.entries(texts).map(([name, text]) => [name, compileTemplate(text, surroundings)] as const);
  return (call: ApprovedCall): Record<string, string> =>
    Object.fromEntries(
      compiled.flatMap(([name, template]) => {
        const text = template(call);
        return text === undefined ? [] : [[name, text] as const];
      }),
    );
}
