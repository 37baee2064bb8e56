import cookie from '@fastify/cookie';
import { Inject, Module } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { SignInController } from '../sign-in/sign-in.controller.js';

/** Reads and writes cookies wherever it is imported. */
@Module({ controllers: [SignInController] })
export class AuthModule {
  constructor(@Inject(HttpAdapterHost) { httpAdapter }: HttpAdapterHost) {
    void (httpAdapter.getInstance() as FastifyInstance).register(cookie);
  }
}
