import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectionOf } from './connection.js';
import { forgetProfile, profileFile, saveProfile } from './profile.js';

let dir: string;
let env: Record<string, string>;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'countersign-cli-'));
  env = { XDG_CONFIG_HOME: join(dir, 'config'), DATA_DIR: dir };
  writeFileSync(join(dir, 'admin.key'), 'key-of-npm-start\n');
});
afterEach(() => rmSync(dir, { recursive: true }));
const [there, elsewhere] = ['https://approvals.example', 'https://elsewhere.example'];

describe('which server is asked, and with which key', () => {
  it('is what npm start keeps here, when nothing else is said', () => {
    expect(connectionOf({}, env)).toEqual({ url: 'http://127.0.0.1:4000', key: 'key-of-npm-start' });
  });

  it('is the profile before that', () => {
    saveProfile(env, 'default', { url: there, key: 'kept' });
    expect(connectionOf({}, env)).toEqual({ url: there, key: 'kept' });
  });

  it('is the environment before the profile', () => {
    saveProfile(env, 'default', { url: there, key: 'kept' });
    const ofEnvironment = { ...env, COUNTERSIGN_URL: elsewhere, COUNTERSIGN_KEY: 'e' };
    expect(connectionOf({}, ofEnvironment)).toEqual({ url: elsewhere, key: 'e' });
  });

  it('is what the options say before all of it, and a profile that they name', () => {
    saveProfile(env, 'staging', { url: there, key: 'staging' });
    const ofEnvironment = { ...env, COUNTERSIGN_URL: elsewhere, COUNTERSIGN_KEY: 'e' };
    expect(connectionOf({ profile: 'staging' }, ofEnvironment)).toEqual({ url: there, key: 'staging' });
    expect(connectionOf({ url: `${there}/`, key: 'o' }, ofEnvironment)).toEqual({ url: there, key: 'o' });
  });

  it('never sends a key that is kept for one server to another', () => {
    saveProfile(env, 'default', { url: there, key: 'kept' });
    expect(connectionOf({ url: elsewhere }, env).key).toBeUndefined();
    expect(connectionOf({ url: 'http://127.0.0.1.example' }, env).key).toBeUndefined();
    expect(connectionOf({ url: 'http://localhost:4000' }, env).key).toBe('key-of-npm-start');
  });

  it.each(['admin.key\nsigning-key.json', 'schlüssel', 'key\u0000'])('refuses %j, which is no key', (key) => {
    expect(() => connectionOf({ key }, env)).toThrow('characters that no key has');
    expect(() => connectionOf({}, { ...env, COUNTERSIGN_KEY: key })).toThrow('characters that no key has');
  });

  it('takes a key that somebody copied with the end of its line', () => {
    expect(connectionOf({ key: ' key\r\n' }, env).key).toBe('key');
  });

  it('refuses a profile that does not exist', () => {
    expect(() => connectionOf({ profile: 'none' }, env)).toThrow('countersign login --profile none');
  });
});

describe('the file of profiles', () => {
  it('is readable by its owner alone, and holds several', () => {
    const file = saveProfile(env, 'a', { url: there, key: 'a' });
    saveProfile(env, 'b', { url: elsewhere, key: 'b' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(connectionOf({ profile: 'a' }, env).key).toBe('a');
    expect(connectionOf({ profile: 'b' }, env).key).toBe('b');
  });

  it('forgets one', () => {
    saveProfile(env, 'a', { url: there, key: 'a' });
    expect([forgetProfile(env, 'a'), forgetProfile(env, 'a')]).toEqual([true, false]);
  });

  it('says what to do when it cannot be read', () => {
    mkdirSync(join(dir, 'config', 'countersign'), { recursive: true });
    writeFileSync(profileFile(env), '{');
    expect(() => connectionOf({}, env)).toThrow('Mend or delete it');
  });
});
