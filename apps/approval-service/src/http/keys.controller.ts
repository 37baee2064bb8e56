import { Public } from '@countersign/auth';
import { Returns } from '@countersign/service';
import { Jwks } from '@countersign/signing';
import { Controller, Get, Inject } from '@nestjs/common';
import type { z } from 'zod';
import { Signer } from '../decisions/signer.js';

@Controller('.well-known')
export class KeysController {
  constructor(@Inject(Signer) private readonly signer: Signer) {}

  @Get('jwks.json')
  @Public()
  @Returns(200, Jwks, 'The public keys with which decisions are signed, as a JWK Set (RFC 7517).')
  jwks(): z.infer<typeof Jwks> {
    return this.signer.jwks();
  }
}
