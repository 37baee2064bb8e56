import ipaddr from 'ipaddr.js';
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';

/** Looks a host name up. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

export const systemResolve: Resolve = async (hostname) =>
  (await lookup(hostname, { all: true })).map(({ address }) => address);

/** Where a request must not go. */
export class ForbiddenAddress extends Error {
  override name = 'ForbiddenAddress';
}

const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');
/** Within Azure this public address is the host's, and hands out what is the machine's own. */
const publicInNameOnly = new Set(['168.63.129.16']);

/** Whether this is an address of the internet, and of nothing nearer. What is not known to be is not. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0) return false;
  const ip = ipaddr.parse(address);
  if (ip.range() !== 'unicast' || publicInNameOnly.has(address)) return false;
  // An IPv6 address with an IPv4 address in it is none of these either.
  return ip instanceof ipaddr.IPv4 || ip.match(globalUnicast);
}

export interface Guard {
  resolve: Resolve;
  /** Lets http and every address pass. */
  allowPrivate: boolean;
}

/**
 * The addresses of the URL's host, each of them allowed. Connect to these and look nothing up again: the next answer
 * may be another one.
 *
 * @throws ForbiddenAddress
 */
export async function allowedAddresses(url: URL, { resolve, allowPrivate }: Guard): Promise<LookupAddress[]> {
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:'))
    throw new ForbiddenAddress(`${url.protocol.slice(0, -1)} is not allowed`);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const addresses = isIP(host) ? [host] : await resolve(host);
  if (addresses.length === 0) throw new Error(`${host} has no address`);
  const forbidden = addresses.find((address) => !allowPrivate && !isPublicAddress(address));
  if (forbidden !== undefined) throw new ForbiddenAddress(`${host} is at ${forbidden}, which is not a public address`);
  return addresses.map((address) => ({ address, family: isIP(address) }));
}

/** For a connection: answers with these addresses, whatever the name. */
export function only(addresses: readonly LookupAddress[]): LookupFunction {
  return (_hostname, { all }, callback) => {
    const [first] = addresses as [LookupAddress];
    if (all) callback(null, [...addresses]);
    else callback(null, first.address, first.family);
  };
}
