import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface Values {
  [name: string]: unknown;
}

/** A file of the chart for Kubernetes. */
export const chartFile = (path: string): string =>
  readFileSync(new URL(`../infra/helm/countersign/${path}`, import.meta.url), 'utf8');

export const chartValues = parse(chartFile('values.yaml'), { merge: true }) as Values;
const validate = new Ajv2020({ strict: false }).compile(JSON.parse(chartFile('values.schema.json')) as object);

/** What is wrong with values that somebody sets, as Helm lays them over those of the chart; null: nothing. */
export function problemsWith(over: Values): object[] | null {
  validate(laidOver(chartValues, over));
  return validate.errors ?? null;
}

const laidOver = (base: Values, over: Values): Values => ({
  ...base,
  ...Object.fromEntries(
    Object.entries(over).map(([name, value]) => {
      const below = base[name];
      return [name, isObject(value) && isObject(below) ? laidOver(below, value) : value];
    }),
  ),
});

const isObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
