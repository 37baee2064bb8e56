import { expect, it } from 'vitest';
import { settingsReference } from './settings-reference.js';
import { settings } from './settings.js';

const named = settings.map((setting) => [setting.name, setting] as const);

it('docs/settings.md shows the settings as they are; `vitest run -u --project tools` regenerates it', async () => {
  await expect(settingsReference()).toMatchFileSnapshot('../../docs/settings.md');
});

it.each(named)('%s has a meaning and an example that it accepts', (_name, { schema, about }) => {
  expect(about.description).toMatch(/\.$/);
  expect(schema.safeParse(about.example).error).toBeUndefined();
});

it.each(named)('%s has a default, or says what holds without one', (_name, { about, preset }) => {
  expect(about.unset ?? preset).toBeDefined();
});

it.each(named.filter(([, { preset, values }]) => /^\d+$/.test(preset ?? '') || values.maximum !== undefined))(
  '%s has a unit',
  (name, { about }) => {
    if (name !== 'PORT') expect(about.unit).toBeDefined();
  },
);

it('each setting stands in one section', () => {
  const page = settingsReference();
  for (const [name] of named) expect(page.split(`\n| \`${name}\``), name).toHaveLength(2);
});
