import { Public } from '@countersign/auth';
import { Returns } from '@countersign/service';
import { Jwks } from '@countersign/signing';
import { Controller, Get, Inject } from '@nestjs/common';
import type { z } from 'zod';
import { RequestSigner } from '../dispatch/request-signer.js';

@Controller('.well-known')
export class RequestKeysController {
  constructor(@Inject(RequestSigner) private readonly signer: RequestSigner) {}

  /** A path of its own: on one origin keys of requests must not be taken for those of decisions or results. */
  @Get('request-jwks.json')
  @Public()
  @Returns(200, Jwks, 'The public keys with which requests and ends of runs are signed, as a JWK Set (RFC 7517).')
  jwks(): z.infer<typeof Jwks> {
    return this.signer.jwks();
  }
}
