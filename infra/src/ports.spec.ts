import { expect, it } from 'vitest';
import { portIn } from './ports.js';

it('takes a port from the environment', () => {
  expect(portIn({ KAFKA_PORT: '19092' }, 'KAFKA_PORT')).toBe(19092);
});

it.each([{}, { KAFKA_PORT: '' }, { MONGODB_PORT: '27018' }])('finds none in %j', (env) => {
  expect(portIn(env, 'KAFKA_PORT')).toBeUndefined();
});

it.each(['0', '65536', '-1', '9092x', 'kafka', '1e3'])('refuses "%s"', (text) => {
  expect(() => portIn({ KAFKA_PORT: text }, 'KAFKA_PORT')).toThrow('KAFKA_PORT must be a port');
});
