import { Public, RequireScopes } from '@countersign/auth';
import {
  AuditEntryPage,
  AuditHealth,
  AuditKey,
  ConsistencyProof,
  ConsistencyQuery,
  EvidenceQuery,
  ExportAuditEntriesQuery,
  InclusionProof,
  InclusionQuery,
  ListAuditEntriesQuery,
  SignedCheckpoint,
} from '@countersign/contracts/audit';
import { ProblemError } from '@countersign/contracts/problems';
import type { AppendLog } from '@countersign/persistence/append-log';
import { forPeople, Returns } from '@countersign/service';
import { proveConsistency, proveInclusion } from '@countersign/transparency';
import { Controller, Get, Header, Inject, Query, Res } from '@nestjs/common';
import { z } from 'zod';
import { Checkpoints } from '../checkpoints/checkpoints.js';
import { Evidence } from '../evidence/evidence.js';
import { exported } from '../export/exported.js';
import { Publisher } from '../publish/publisher.js';
import type { Entry } from '../record/entry.js';
import { Gaps } from '../record/gaps.js';
import { Numbers } from '../record/numbers.js';
import { Recorder } from '../record/recorder.js';
import { readNodes } from '../record/tree.js';
import { ENTRIES, UNREADABLE } from '../tokens.js';

const ndjson = 'application/x-ndjson';
const nextHeader = 'x-next';
const findingsAtMost = 100;

/** The record, and what proves it. */
@Controller()
export class AuditController {
  constructor(
    @Inject(ENTRIES) private readonly log: AppendLog<Entry>,
    @Inject(Checkpoints) private readonly checkpoints: Checkpoints,
    @Inject(Evidence) private readonly evidence: Evidence,
    @Inject(Publisher) private readonly publisher: Publisher,
    @Inject(Gaps) private readonly gaps: Gaps,
    @Inject(Numbers) private readonly numbers: Numbers,
    @Inject(Recorder) private readonly recorder: Recorder,
    @Inject(UNREADABLE) private readonly unreadable: () => number,
  ) {}

  @Get('audit/key')
  @Public()
  @Returns(200, AuditKey, 'The name of the record, and the key that verifies its checkpoints.')
  key(): z.infer<typeof AuditKey> {
    return { origin: this.checkpoints.origin, key: this.checkpoints.key };
  }

  @Get('audit/checkpoint')
  @RequireScopes('audit:read')
  @Returns(200, SignedCheckpoint, 'How many entries are on record, and the root of their tree, signed now.')
  async checkpoint(): Promise<z.infer<typeof SignedCheckpoint>> {
    return this.checkpoints.at(await this.log.length());
  }

  @Get('audit/entries')
  @RequireScopes('audit:read')
  @Returns(200, AuditEntryPage, 'Entries in the order of the record.')
  async entries(
    @Query({ schema: ListAuditEntriesQuery }) query: z.infer<typeof ListAuditEntriesQuery>,
  ): Promise<z.infer<typeof AuditEntryPage>> {
    const { data, next } = await this.#page(query);
    return { data: data.map(shown), next };
  }

  @Get('audit/export')
  @RequireScopes('audit:read')
  @Header('content-type', 'text/plain; charset=utf-8')
  @Returns(
    200,
    z.string(),
    `Entries as lines for another system; the header ${nextHeader} is \`after\` of what follows.`,
    'text/plain',
  )
  async export(
    @Query({ schema: ExportAuditEntriesQuery }) { format, ...query }: z.infer<typeof ExportAuditEntriesQuery>,
    @Res({ passthrough: true }) reply: { header(name: string, value: string): unknown },
  ): Promise<string> {
    const { data, next } = await this.#page(query);
    if (next !== null) void reply.header(nextHeader, String(next));
    return exported(data, format);
  }

  @Get('audit/proofs/inclusion')
  @RequireScopes('audit:read')
  @Returns(200, InclusionProof, 'Why an entry is in the tree of this size (RFC 9162).')
  async inclusion(
    @Query({ schema: InclusionQuery }) { index, size: asked }: z.infer<typeof InclusionQuery>,
  ): Promise<z.infer<typeof InclusionProof>> {
    const length = await this.log.length();
    const size = asked ?? length;
    if (size > length || index >= size)
      throw new ProblemError('not_on_record', `There is no entry ${index} among the first ${size} of ${length}.`);
    const [entry] = await this.log.find({ filter: { position: index }, sort: [], limit: 1 });
    const proof = await proveInclusion(index, size, readNodes(this.log));
    return { index, size, leaf_hash: shown(entry!).leaf_hash, proof: proof.map(base64) };
  }

  @Get('audit/proofs/consistency')
  @RequireScopes('audit:read')
  @Returns(200, ConsistencyProof, 'Why the record of one size is the beginning of that of another (RFC 9162).')
  async consistency(
    @Query({ schema: ConsistencyQuery }) { from, to: asked }: z.infer<typeof ConsistencyQuery>,
  ): Promise<z.infer<typeof ConsistencyProof>> {
    const length = await this.log.length();
    const to = asked ?? length;
    if (to > length || from > to)
      throw new ProblemError('not_on_record', `There are ${length} entries, and no record of ${from} in one of ${to}.`);
    return { from, to, proof: (await proveConsistency(from, to, readNodes(this.log))).map(base64) };
  }

  @Get('audit/evidence')
  @RequireScopes('audit:read')
  @Header('content-type', ndjson)
  @Returns(200, z.string(), 'All that is on record of a run, with what proves it offline, a line each.', ndjson)
  async evidenceOf(@Query({ schema: EvidenceQuery }) { run_id }: z.infer<typeof EvidenceQuery>): Promise<string> {
    const bundle = await this.evidence.of(run_id);
    if (bundle === undefined)
      throw new ProblemError(
        'not_on_record',
        `Nothing is on record of the run ${run_id}, or entries of it were removed.`,
      );
    return bundle;
  }

  @Get('audit/health')
  @RequireScopes('audit:read')
  @Returns(200, AuditHealth, 'The size of the record, and what was wrong with the events it received.')
  async health(): Promise<z.infer<typeof AuditHealth>> {
    const [size, published, last, is_whole] = await Promise.all([
      this.log.length(),
      this.publisher.published(),
      this.checkpoints.latest(),
      this.checkpoints.isWhole(),
    ]);
    const missing = [...this.gaps.missing, ...this.numbers.missing];
    const { repeated } = this.numbers;
    const findings = [
      ...missing.map((event) => ({ what: 'missing' as const, event })),
      ...repeated.map((event) => ({ what: 'repeated' as const, event })),
    ];
    return {
      size,
      published,
      checkpoint: last?.size ?? 0,
      ...this.recorder.counts,
      missing: missing.length,
      repeated: repeated.length,
      findings: findings.slice(0, findingsAtMost),
      unreadable: this.unreadable(),
      is_whole,
    };
  }

  async #page(query: z.infer<typeof ListAuditEntriesQuery>): Promise<{ data: Entry[]; next: number | null }> {
    const { run_id: key, actor, tool_name, type, since, until, after, limit } = query;
    const time = since === undefined && until === undefined ? undefined : bounds(since, until);
    const filter = { key, actor, tool_name, type, time, position: { gt: after } };
    const found = await forPeople(() => this.log.find({ filter, sort: [], limit: limit + 1 }));
    const data = found.slice(0, limit);
    return { data, next: found.length > limit ? data.at(-1)!.position : null };
  }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

const shown = ({ position, nodes, recorded_at, leaf }: Entry) => ({
  index: position,
  leaf_hash: nodes.split(' ', 1)[0]!,
  recorded_at,
  leaf,
});

/** As events write their time: a letter after the seconds would come before their fraction. */
const bounds = (since: string | undefined, until: string | undefined) => ({
  ...(since !== undefined && { gte: new Date(since).toISOString() }),
  ...(until !== undefined && { lt: new Date(until).toISOString() }),
});
