import { Public } from '@countersign/auth';
import { Returns } from '@countersign/service';
import { Controller, Get, Inject } from '@nestjs/common';
import { z } from 'zod';
import { Signer } from './signer.js';

const Jwks = z.object({ keys: z.array(z.looseObject({ kid: z.string() })) }).meta({ id: 'Jwks' });

@Controller('.well-known')
export class KeysController {
  constructor(@Inject(Signer) private readonly signer: Signer) {}

  @Get('jwks.json')
  @Public()
  @Returns(200, Jwks, 'The public keys with which decisions are signed, as a JWK Set (RFC 7517).')
  jwks(): z.infer<typeof Jwks> {
    return { keys: this.signer.jwks().keys.map((key) => ({ ...key })) };
  }
}
