import { expect, it } from 'vitest';
import { environmentChecks } from './environment.js';

it('looks at what the environment names, and at nothing else', () => {
  const names = (env: Record<string, string>) => environmentChecks(env).map(({ what }) => what);
  expect(names({})).toEqual(['file', 'settings']);
  const all = {
    KAFKA_BROKERS: '127.0.0.1:1',
    MONGODB_URI: 'mongodb://127.0.0.1:1/x',
    RUN_COMMANDS: 'trusted',
    DECISION_SIGNING_KEYS: 'x',
    DECISION_VERIFICATION_KEYS: 'x',
  };
  const servers = ['Kafka', 'topics', 'topic settings', 'MongoDB', 'clock of MongoDB'];
  expect(names(all)).toEqual(['file', 'settings', ...servers, 'RUN_COMMANDS', 'signing keys', 'decision keys']);
});

it('says what it finds, throws what is wrong, and knows what to do', async () => {
  const checks = environmentChecks({
    COUNTERSIGN_CONFIG: '/nowhere.yaml',
    APPROVAL_REQUESTS: 'trusted',
    DECISION_SIGNING_KEYS: 'none',
  });
  const [file, settings, trusted, keys] = checks;
  await expect(file!.look()).rejects.toThrow('/nowhere.yaml');
  expect(await settings!.look()).toBe('the embedded log and the embedded store');
  expect(await trusted!.look()).toMatchObject({ state: 'unsure' });
  await expect(keys!.look()).rejects.toThrow();
  expect(keys!.advice).toContain('compose-env.mjs');
});
