import { describe, expect, it } from 'vitest';
import { allowedAddresses, ForbiddenAddress, isPublicAddress, only } from './address-guard.js';

describe('a public address', () => {
  it.each(['8.8.8.8', '93.184.215.14', '172.15.255.255', '100.63.255.255', '2606:4700::1111', '2a00:1450:4001::200e'])(
    'is %s',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    ['unspecified', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['loopback', '127.0.0.1'],
    ['all of loopback', '127.255.255.254'],
    ['private', '10.0.0.1'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['private', '192.168.1.1'],
    ['link-local', '169.254.1.1'],
    ['metadata of clouds', '169.254.169.254'],
    ['metadata of a cloud', '100.100.100.200'],
    ['metadata of a cloud', '168.63.129.16'],
    ['shared by a carrier', '100.64.0.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['for documentation', '192.0.2.1'],
    ['for benchmarks', '198.18.0.1'],
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['site-local', 'fec0::1'],
    ['unique local', 'fc00::1'],
    ['metadata of a cloud', 'fd00:ec2::254'],
    ['multicast', 'ff02::1'],
    ['for documentation', '2001:db8::1'],
    ['loopback as IPv6', '::ffff:127.0.0.1'],
    ['private as IPv6', '::ffff:a00:1'],
    ['public as IPv6', '::ffff:8.8.8.8'],
    ['IPv4-compatible', '::a00:1'],
    ['translated', '64:ff9b::a00:1'],
    ['translated locally', '64:ff9b:1::a00:1'],
    ['6to4', '2002:a00:1::'],
    ['Teredo', '2001:0:a00:1::'],
    ['outside of what is assigned', '4000::1'],
    ['short for loopback', '127.1'],
    ['no address', 'localhost'],
    ['nothing', ''],
  ])('is not what is %s: %s', (_, address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('the guard', () => {
  const names: Record<string, readonly string[]> = {
    'hooks.example': ['93.184.215.14', '2606:4700::1111'],
    'inside.example': ['10.0.0.5'],
    'mixed.example': ['93.184.215.14', '127.0.0.1'],
    'mapped.example': ['::ffff:169.254.169.254'],
    'metadata.example': ['169.254.169.254'],
    'nothing.example': [],
    localhost: ['::1', '127.0.0.1'],
  };
  const resolve = async (name: string) => names[name]!;
  const allowed = (url: string, allowPrivate = false) => allowedAddresses(new URL(url), { resolve, allowPrivate });

  it('lets a name pass whose addresses are all public, and says which they are', async () => {
    expect(await allowed('https://hooks.example/x')).toEqual([
      { address: '93.184.215.14', family: 4 },
      { address: '2606:4700::1111', family: 6 },
    ]);
  });

  it.each([
    'https://inside.example/',
    'https://mixed.example/',
    'https://mapped.example/',
    'https://metadata.example/latest/meta-data',
    'https://localhost:9200/',
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f.0.0.1/',
    'https://0177.0.0.1/',
    'https://[::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[fd00:ec2::254]/',
    'https://user:password@10.0.0.1/',
    'http://hooks.example/',
    'ftp://hooks.example/',
    'file:///etc/passwd',
  ])('refuses %s', async (url) => {
    await expect(allowed(url)).rejects.toThrow(ForbiddenAddress);
  });

  it.each(['http://inside.example/', 'https://localhost/', 'http://[::1]:8080/', 'http://169.254.169.254/'])(
    'lets %s pass where private addresses are allowed',
    async (url) => expect(await allowed(url, true)).not.toEqual([]),
  );

  it.each(['ftp://hooks.example/', 'file:///etc/passwd'])('refuses %s even there', async (url) => {
    await expect(allowed(url, true)).rejects.toThrow(ForbiddenAddress);
  });

  it('takes a name without an address as a failure that may pass', async () => {
    await expect(allowed('https://nothing.example/')).rejects.not.toThrow(ForbiddenAddress);
  });
});

describe('a lookup of checked addresses', () => {
  const addresses = [
    { address: '93.184.215.14', family: 4 },
    { address: '2606:4700::1111', family: 6 },
  ];
  it.each([
    [{ all: true }, [addresses]],
    [{ all: false }, ['93.184.215.14', 4]],
  ])('answers %j with these and no others, whatever the name', (options, expected) => {
    const answers: unknown[] = [];
    only(addresses)('rebound.example', options, (error, ...answer) => answers.push(error, answer.filter(Boolean)));
    expect(answers).toEqual([null, expected]);
  });
});
