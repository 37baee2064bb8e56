import { expect, it } from 'vitest';
import { problemsOf } from '../../test/problems.fixtures.js';

it('an agent that runs elsewhere names who may ask, and nothing of a model; what it asks for is gated', () => {
  expect(
    problemsOf(`
agents:
  - id: bot
    name: Bot
    external: true
    instructions: Pay.
    model: gpt-5
    tools: [refund, show]
  - { id: none, name: None, external: true, callers: [], tools: [refund] }
  - id: ops
    name: Operations
    instructions: Deploy.
    callers: [ada]
    tools: [refund]
tools:
  - { name: refund, description: Pays., parameters: { type: object }, execute: { caller: {} } }
  - { name: show, description: Shows., parameters: { type: object }, approval: none, requires: external_execution }
`),
  ).toEqual([
    '3:5 agents.0.callers: must name whose credentials may ask in the name of this agent, by their subject',
    '6:5 agents.0.instructions: has no effect on an external agent, whose model runs elsewhere: leave it out',
    '7:5 agents.0.model: has no effect on an external agent, whose model runs elsewhere: leave it out',
    expect.stringMatching(
      /^8:21 agents.0.tools.1: show needs no approval, so an external agent has nothing to ask for/,
    ),
    expect.stringMatching(/^9:5?\d* agents.1.callers: must name/),
    '13:5 agents.2.callers: is for agents that run elsewhere: say "external: true", or leave it out',
    expect.stringMatching(/^14:13 agents.2.tools.0: refund is made by whoever asks for it/),
  ]);
});
