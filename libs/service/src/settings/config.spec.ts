import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError, processSettings, readConfig, secretFiles, serviceSettings } from './config.js';

const Config = z.object({ ...serviceSettings, ...processSettings('countersign', 4000) });

describe('the configuration', () => {
  it('needs nothing: what is unset has a preset, and what is embedded needs no address', () => {
    const config = readConfig(Config, {});
    expect(config).toMatchObject({ HOST: '127.0.0.1', PORT: 4000, DATA_DIR: '.countersign', LOG_LEVEL: 'info' });
    expect(config.RETENTION_DAYS).toBe(90);
    expect(config.KAFKA_BROKERS).toBeUndefined();
    expect(config.MONGODB_URI).toBeUndefined();
  });

  it('takes an empty variable for one that is unset', () => {
    const empty = Object.fromEntries(Object.keys(Config.shape).map((name) => [name, '']));
    expect(readConfig(Config, empty)).toEqual(readConfig(Config, {}));
  });

  it('names every problem at once', () => {
    const problems = () =>
      readConfig(Config, {
        PORT: '70000',
        KAFKA_BROKERS: 'one:9092,two',
        MONGODB_URI: 'http://here',
        LEASE_SECONDS: 'soon',
        LOG_LEVEL: 'loud',
        KAFKA_CREATE_TOPICS: 'perhaps',
        RETENTION_DAYS: '0',
      });
    expect(problems).toThrow(ConfigError);
    expect(problems).toThrow(/^The configuration has 7 problem\(s\):/);
    for (const problem of [
      /\n {2}PORT: .*65535/,
      /\n {2}KAFKA_BROKERS\.1: must be host:port/,
      /\n {2}MONGODB_URI: must start with mongodb/,
      /\n {2}LEASE_SECONDS: /,
      /\n {2}LOG_LEVEL: /,
      /\n {2}KAFKA_CREATE_TOPICS: /,
      /\n {2}RETENTION_DAYS: .*>=1/,
    ]) {
      expect(problems).toThrow(problem);
    }
  });

  it.each([
    'mongodb://',
    'mongodb://db:port/x',
    'mongodb://ada:se/cret@db/x',
    'mongodb://db/x?retryWrite=true',
    'mongodb://db/a.b',
    'mongodb+srv://db:27017/x',
    'mongodb://db/x?authMechanism=GUESS',
  ])('refuses %s as a connection string, and tells no password', (uri) => {
    const problem = () => readConfig(Config, { MONGODB_URI: uri });
    expect(problem).toThrow(/1 problem\(s\):\n {2}MONGODB_URI: /);
    expect(problem).not.toThrow(/cret/);
  });

  it.each([
    ['SASL_SSL://kafka:9092', /without SASL_SSL:\/\/; KAFKA_TLS/],
    ['[::1]:9092', /a name or an address of IPv4/],
    ['::1:9092', /a name or an address of IPv4/],
    ['kafka', /must be host:port, several/],
    ['kafka:9092/', /must be host:port, several/],
    ['kafka:port', /must be host:port, several/],
    ['', /must be host:port, several/],
  ])('refuses "%s" among brokers, with what to write', (broker, problem) => {
    expect(() => readConfig(Config, { KAFKA_BROKERS: `one:9092, ${broker}` })).toThrow(problem);
  });

  it('takes brokers with spaces between them, and leaves sizes of topics to them', () => {
    const env = {
      KAFKA_BROKERS: ' one:9092 , two.example.net:9093',
      KAFKA_PARTITIONS: '-1',
      KAFKA_REPLICATION_FACTOR: '-1',
    };
    expect(readConfig(Config, env)).toMatchObject({
      KAFKA_BROKERS: ['one:9092', 'two.example.net:9093'],
      KAFKA_PARTITIONS: -1,
      KAFKA_REPLICATION_FACTOR: -1,
    });
    expect(() => readConfig(Config, { ...env, KAFKA_PARTITIONS: '0' })).toThrow(
      /KAFKA_PARTITIONS: must be 1 or more, or -1/,
    );
    expect(() => readConfig(Config, { ...env, KAFKA_PREFIX: 'a b' })).toThrow(/KAFKA_PREFIX: must be up to 100/);
  });

  it('takes connection strings of every kind', () => {
    for (const uri of [
      'mongodb://db',
      'mongodb://ada:p%40ss@one:27017,two:27018/x?replicaSet=rs0&authSource=admin&tls=true',
      'mongodb+srv://ada:pass@cluster.example.net/x?retryWrites=true&w=majority&appName=x',
    ])
      expect(readConfig(Config, { MONGODB_URI: uri }).MONGODB_URI).toBe(uri);
  });

  it.each([
    ['APPROVAL_EXPIRES_SECONDS', '600', 'say expires_in in the rules'],
    ['SIGNING_KEYS_FILE', '/keys', 'it is DECISION_SIGNING_KEYS_FILE'],
    ['EXECUTION_KEYS_URL', 'https://there/', 'it is RESULT_VERIFICATION_KEYS'],
  ])('does not pass over %s, which is gone', (name, value, advice) => {
    expect(() => readConfig(Config, { [name]: value })).toThrow(
      `${name}: there is no such setting any more: ${advice}`,
    );
    expect(readConfig(Config, { [name]: '' })).toEqual(readConfig(Config, {}));
  });

  it.each([
    ['KAFKA_BROKERS', 'one:9092, two:9093', ['one:9092', 'two:9093']],
    ['KAFKA_CREATE_TOPICS', 'false', false],
    ['PORT', '0', 0],
    ['LEASE_SECONDS', '0.5', 0.5],
    ['RETENTION_DAYS', '7', 7],
    ['RECORD_DAYS', '0', 0],
    ['RECORD_DAYS', '30', 30],
  ])('reads %s=%s', (name, text, value) => {
    expect(readConfig(Config, { [name]: text })).toMatchObject({ [name]: value });
  });

  it.each(['-1', '1', '29', '30.5'])('refuses RECORD_DAYS=%s, within which messages may come again', (RECORD_DAYS) => {
    expect(() => readConfig(Config, { RECORD_DAYS })).toThrow('RECORD_DAYS');
  });

  it('finds a secret also in the file that NAME_FILE names, and no other setting', () => {
    const dir = mkdtempSync(join(tmpdir(), 'countersign-config-'));
    const file = join(dir, 'uri');
    writeFileSync(file, 'mongodb://me:secret@there/db\n');
    expect(readConfig(Config, { MONGODB_URI_FILE: file, HOST_FILE: file })).toMatchObject({
      MONGODB_URI: 'mongodb://me:secret@there/db',
      HOST: '127.0.0.1',
    });
    expect([...secretFiles(Config).keys()]).toEqual([
      'KAFKA_SASL_PASSWORD_FILE',
      'MONGODB_URI_FILE',
      'ADMIN_KEY_FILE',
      'OTEL_EXPORTER_OTLP_HEADERS_FILE',
    ]);
    const both = { MONGODB_URI_FILE: file, MONGODB_URI: 'mongodb://here', ADMIN_KEY_FILE: join(dir, 'absent') };
    expect(() => readConfig(Config, both)).toThrow(
      /2 problem.*MONGODB_URI and MONGODB_URI_FILE.*ADMIN_KEY_FILE: ENOENT/s,
    );
    rmSync(dir, { recursive: true });
  });

  it('cares for no other variables', () => {
    expect(readConfig(Config, { HOME: '/root' })).not.toHaveProperty('HOME');
  });
});
