import { Public } from '@countersign/auth';
import { Returns } from '@countersign/service';
import { Jwks } from '@countersign/signing';
import { Controller, Get, Inject } from '@nestjs/common';
import type { z } from 'zod';
import { ResultSigner } from '../results/result-signer.js';

@Controller('.well-known')
export class ResultKeysController {
  constructor(@Inject(ResultSigner) private readonly signer: ResultSigner) {}

  /** Another path than that of the keys of decisions: neither may be taken for the other, also on one origin. */
  @Get('execution-jwks.json')
  @Public()
  @Returns(200, Jwks, 'The public keys with which results of calls are signed, as a JWK Set (RFC 7517).')
  jwks(): z.infer<typeof Jwks> {
    return this.signer.jwks();
  }
}
