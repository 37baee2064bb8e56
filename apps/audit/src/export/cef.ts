import { catalogue, isEventName } from '@countersign/contracts';
import { isIPv6 } from 'node:net';
import { concernOf, isFailure, millisIn, textIn, type Recorded } from './recorded.js';

const severities = { none: 1, low: 4, medium: 6, high: 8 } as const;

/** An entry as a line of ArcSight's Common Event Format, version 0. */
export function cefOf(entry: Recorded): string {
  const { authid, data, id, index, key, leaf_hash, source, type } = entry;
  const says = isEventName(type) ? catalogue[type].says.replace(/\.$/, '') : type;
  const header = ['CEF:0', 'Countersign', 'Countersign', '1', type, says, String(severities[concernOf(entry)])];
  const address = textIn(data, 'address');
  const extension: readonly (readonly [string, string | undefined])[] = [
    ['rt', String(millisIn(entry))],
    ['externalId', id],
    ['outcome', isFailure(type) ? 'failure' : 'success'],
    ['reason', textIn(data, 'code')],
    ['suser', authid],
    address !== undefined && isIPv6(address) ? ['c6a2', address] : ['src', address],
    ['c6a2Label', address !== undefined && isIPv6(address) ? 'Source IPv6 Address' : undefined],
    ['sourceServiceName', source],
    ['cn1', String(index)],
    ['cn1Label', 'index'],
    ...labelled('cs1', 'key', key),
    ...labelled('cs2', 'approval_id', textIn(data, 'approval_id')),
    ...labelled('cs3', 'tool_name', textIn(data, 'tool_name')),
    ...labelled('cs4', 'agent_id', textIn(data, 'agent_id')),
    ...labelled('cs5', 'leaf_hash', leaf_hash),
  ];
  const said = extension.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${extensionText(value)}`]));
  return `${header.map(headerText).join('|')}|${said.join(' ')}`;
}

const labelled = (name: string, label: string, value: string | undefined): [string, string | undefined][] =>
  value === undefined
    ? []
    : [
        [name, value],
        [`${name}Label`, label],
      ];

/** Whoever chooses a name must not begin a line, a field or another key with it. */
const headerText = (text: string): string => oneLine(text).replace(/[\\|]/g, '\\$&');
const extensionText = (text: string): string =>
  oneLine(text.replace(/[\\=]/g, '\\$&').replaceAll('\r', '\\r').replaceAll('\n', '\\n'));
/** Characters that some reader takes for the end of a line, or for none. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ').toWellFormed();
