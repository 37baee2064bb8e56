import type { Approval } from '@countersign/contracts/approvals';
import type { UserInputField } from '@countersign/contracts/calls';
import { parseStrictJson } from '@countersign/contracts/json';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argumentFields, asText } from './argument-fields.js';
import { exitCodes, Failure } from '../../connection/exit-codes.js';
import { promptFields } from './field-questions.js';
import type { Questions } from '../../terminal/questions.js';
import type { CliEnvironment } from '../../connection/environment.js';

type Arguments = Record<string, unknown>;

/** Lets a person change the arguments of a call: in their editor, or field by field where they have none. */
export class ArgumentEditor {
  readonly #approval: Approval;
  readonly #questions: Questions;
  readonly #environment: CliEnvironment;
  /** What was written, for when it does not fit. */
  #text: string;
  readonly #drafts: Map<string, string>;

  constructor(approval: Approval, questions: Questions, environment: CliEnvironment) {
    this.#approval = approval;
    this.#questions = questions;
    this.#environment = environment;
    this.#text = JSON.stringify(approval.tool_args, null, 2);
    this.#drafts = new Map(Object.entries(approval.tool_args).map(([name, value]) => [name, asText(value)]));
  }

  /** @returns undefined once the questions are over. @throws Failure when they are no arguments. */
  async ask(): Promise<Arguments | undefined> {
    const { env } = this.#environment;
    const editor = env['VISUAL'] || env['EDITOR'];
    const fields = argumentFields(this.#approval);
    if (!editor && fields) return this.#byField(fields);
    const text = await (editor ? inEditor(editor, this.#text, this.#environment) : this.#asLine());
    if (text === undefined) return undefined;
    if (text.trim() === '')
      throw new Failure(exitCodes.usage, 'Nothing was left of the arguments, so nothing is decided.');
    this.#text = text;
    return argumentsIn(text);
  }

  async #byField(fields: UserInputField[]): Promise<Arguments | undefined> {
    const values = await promptFields(this.#questions, fields, this.#drafts);
    const known = new Set(fields.map(({ name }) => name));
    const others = Object.entries(this.#approval.tool_args).filter(([name]) => !known.has(name));
    return values && { ...Object.fromEntries(others), ...values };
  }

  #asLine(): Promise<string | undefined> {
    const initial = JSON.stringify(JSON.parse(this.#text));
    return this.#questions.text('The arguments, as a JSON object', { check: problemIn, initial });
  }
}

/** Opens a file with the text as git does, and waits. @throws Failure when the editor does not end well. */
async function inEditor(editor: string, text: string, { stdin, stderr, env }: CliEnvironment): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-'));
  const file = join(dir, 'arguments.json');
  try {
    writeFileSync(file, `${text}\n`, { mode: 0o600 });
    // Standard output may be a file; what people look at is where notes are shown.
    const child = spawn(`${editor} "${file}"`, { shell: true, stdio: [stdin, stderr, stderr], env });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0)
      throw new Failure(exitCodes.usage, `The editor did not end well (${editor}), so nothing is decided.`);
    return readFileSync(file, 'utf8');
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** @throws Failure that says what is wrong with it. */
function argumentsIn(text: string): Arguments {
  const read = parseStrictJson(text);
  if (!read.ok) {
    const { path, message } = read.problem;
    throw new Failure(exitCodes.usage, `The arguments cannot be used: ${path === '' ? '' : `${path}: `}${message}`);
  }
  const { value } = read;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Arguments;
  throw new Failure(exitCodes.usage, 'The arguments must be a JSON object, such as {"version": "2.1.0"}.');
}

function problemIn(text: string): string | undefined {
  try {
    argumentsIn(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
