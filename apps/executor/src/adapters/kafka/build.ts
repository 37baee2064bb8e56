import type { AdapterBuilder } from '../builder.js';
import type { ApprovedCall } from '../adapter.js';
import { KafkaAdapter } from './kafka.js';
import { compileJson } from '../../templates/json.js';
import { compileTemplate, type TemplateScope } from '../../templates/template.js';

export const buildKafkaAdapter: AdapterBuilder<'kafka'> = (kafka, { limits, scope }) => {
  const { failed, headers, key, reply_topic: replyTopic, result, status, succeeded, topic, value } = kafka;
  return new KafkaAdapter({
    ...limits,
    topic,
    replyTopic,
    ...(key !== undefined && { key: compileTemplate(key, scope) }),
    headers: compileTexts(headers, scope),
    value: compileJson(value, scope),
    status,
    succeeded,
    failed,
    result,
  });
};

/** What has no value is omitted. */
function compileTexts(texts: Record<string, string>, scope: TemplateScope) {
  const compiled = Object.entries(texts).map(([name, text]) => [name, compileTemplate(text, scope)] as const);
  return (call: ApprovedCall): Record<string, string> =>
    Object.fromEntries(
      compiled.flatMap(([name, template]) => {
        const text = template(call);
        return text === undefined ? [] : [[name, text] as const];
      }),
    );
}
