import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import type { Document, Operation } from '../../../apps/standalone/test/standalone.fixtures.js';

/** What the server says of itself, for whatever the docs say of it. */
export class Http {
  readonly #document: Document;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });

  constructor(document: Document) {
    this.#document = document;
    this.#ajv.addSchema({ $id: 'document', components: document.components });
  }

  /** The operation behind an address, in which a variable of a shell or `{name}` may stand for a parameter. */
  operation(method: string, path: string): Operation {
    const parts = path.split('/');
    const fits = (route: string): boolean => {
      const names = route.split('/');
      return names.length === parts.length && names.every((name, i) => name === parts[i] || fillsIn(name, parts[i]!));
    };
    const found = Object.entries(this.#document.paths).filter(([route]) => fits(route));
    const [exact] = found.toSorted(([one], [other]) => one.split('{').length - other.split('{').length);
    expect(exact, `there is no route ${path}`).toBeDefined();
    const [route, methods] = exact!;
    const operation = methods[method.toLowerCase()];
    expect(operation, `${route} has no ${method}`).toBeDefined();
    return operation!;
  }

  /** @throws unless the operation takes this name in its query, with this value */
  checkQuery({ parameters = [] }: Operation, name: string, value: string): void {
    const inQuery = parameters.filter((parameter) => parameter.in === 'query');
    expect(inQuery.map((parameter) => parameter.name)).toContain(name);
    const { schema } = inQuery.find((parameter) => parameter.name === name)!;
    const ajv = new Ajv2020({ strict: false, validateFormats: false, coerceTypes: true });
    expect(ajv.validate({ properties: { value: schema } }, { value }), `${name}=${value}: ${ajv.errorsText()}`).toBe(
      true,
    );
  }

  /** @throws unless the schema of this content allows the value, and names each of its fields */
  checkBody(
    { content = {} }: { content?: Operation['responses'][string]['content'] },
    type: string,
    value: unknown,
  ): void {
    const schema = content[type]?.schema as { properties?: object } | undefined;
    expect(schema, `no ${type} is taken or given here`).toBeDefined();
    const inDocument = JSON.stringify(schema).replaceAll('"#/components', '"document#/components');
    const validate = this.#ajv.compile(JSON.parse(inDocument) as object);
    expect(validate(value), JSON.stringify(validate.errors, null, 1)).toBe(true);
    const { properties } = schema!;
    if (properties) for (const field of Object.keys(value as object)) expect(Object.keys(properties)).toContain(field);
  }
}

const fillsIn = (name: string, part: string): boolean =>
  /^\{\w+\}$/.test(name) && /^(\$\w+|\{\w+\}|[\w-]+)$/.test(part);
