import type { Millis } from '@countersign/contracts/time';
import type { RetentionPolicy } from '@countersign/persistence';
import type { ReadinessCheck } from '@countersign/service';
import type { Provider, Type } from '@nestjs/common';

/** Something that the service does beside its decisions, with its routes. */
export interface Feature {
  controllers: Type[];
  providers: Provider[];
  checks?: readonly ReadinessCheck[];
  retention: readonly RetentionPolicy[];
  /** Looks at the log from now on, and changes nothing. */
  tail?(): void;
  begin(): void;
  /** @param graceMs for work under way */
  stop(graceMs: Millis): Promise<void>;
}
