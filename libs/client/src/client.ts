import { Agents } from './api/agents.js';
import { Audit } from './api/audit.js';
import { Approvals } from './api/approvals.js';
import { Auth } from './api/auth.js';
import { Backups } from './api/backups.js';
import { Config } from './api/config.js';
import { Calls } from './api/calls.js';
import { DeadLetters } from './api/dead-letters.js';
import { Deliveries, PushSubscriptions } from './api/deliveries.js';
import { EventLog } from './api/event-log.js';
import { Executions } from './api/executions.js';
import { Delegations, Grants } from './api/grants.js';
import { Runs } from './api/runs.js';
import { Sessions } from './api/sessions.js';
import { Transport, type ClientOptions, type Method, type RequestOptions } from './transport/transport.js';

/**
 * Countersign's HTTP API, for browsers and Node. Everything throws `ApiError` when there is no answer or not the one
 * hoped for, and the reason of the signal when whoever calls aborts it.
 */
export class CountersignClient {
  readonly agents: Agents;
  readonly approvals: Approvals;
  readonly audit: Audit;
  readonly auth: Auth;
  readonly backups: Backups;
  readonly calls: Calls;
  readonly config: Config;
  readonly deadLetters: DeadLetters;
  readonly delegations: Delegations;
  readonly deliveries: Deliveries;
  readonly events: EventLog;
  readonly executions: Executions;
  readonly grants: Grants;
  readonly pushSubscriptions: PushSubscriptions;
  readonly runs: Runs;
  readonly sessions: Sessions;
  readonly #transport: Transport;

  constructor(options: ClientOptions = {}) {
    const transport = new Transport(options);
    this.#transport = transport;
    this.agents = new Agents(transport);
    this.approvals = new Approvals(transport);
    this.audit = new Audit(transport);
    this.auth = new Auth(transport);
    this.backups = new Backups(transport);
    this.calls = new Calls(transport);
    this.config = new Config(transport);
    this.deadLetters = new DeadLetters(transport);
    this.delegations = new Delegations(transport);
    this.deliveries = new Deliveries(transport);
    this.events = new EventLog(transport);
    this.executions = new Executions(transport);
    this.grants = new Grants(transport);
    this.pushSubscriptions = new PushSubscriptions(transport);
    this.runs = new Runs(transport);
    this.sessions = new Sessions(transport);
  }

  /** For a route that has no method here: what is in the answer, unchecked. @throws ApiError */
  request(method: Method, path: string, options?: RequestOptions): Promise<unknown> {
    return this.#transport.read(method, path, options);
  }

  /** Any answer, also one that is a problem, without a look at it. @throws ApiError when there is none */
  fetch(method: Method, path: string, options?: RequestOptions): Promise<Response> {
    return this.#transport.fetch(method, path, this.#transport.limited(options));
  }
}
