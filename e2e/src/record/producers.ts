import { deadLetterTopic } from '@countersign/messaging';
import { javaClassPath } from '@countersign/infra';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readTopics } from '../world/external-kafka.js';
import { pythonWithKafka } from './python.js';

const at = (name: string): string => fileURLToPath(new URL(`../../producers/${name}`, import.meta.url));

const refused = 'run.cancel_refused';
const unreadable = /!$/;
const aborted = /\?/;

/** What clients of other languages send while no service is there, by codec and shape of the headers. */
export function describeProducers(brokers: string): { describeAnswers(): void } {
  const sent: string[] = [];

  describe('producers that share no code with this project', () => {
    it('send commands with each codec and each shape of headers, in Python and Java', async () => {
      const [python, classPath] = await Promise.all([pythonWithKafka(), javaClassPath()]);
      const { PATH = '', JAVA_HOME } = process.env;
      const env = { PATH, ...(JAVA_HOME && { JAVA_HOME }), ...python };
      const run = async (program: string, ...args: string[]) => {
        const { stdout } = await promisify(execFile)(program, [...args, brokers], { env, timeout: 60_000 });
        return stdout;
      };
      const [inPython, inJava] = await Promise.all([
        run('python3', at('send.py')),
        run('java', '-XX:TieredStopAtLevel=1', '-cp', classPath, at('Send.java')),
      ]);
      sent.push(...(JSON.parse(inPython) as string[]), ...(JSON.parse(inJava) as string[]));
      expect(sent).toHaveLength(97);
    }, 250_000);
  });

  return {
    /** Once a runner has been there since. */
    describeAnswers() {
      describe('commands of producers that share no code with this project', () => {
        it('are answered, each; what cannot be read is a dead letter too, and what was aborted was never there', async () => {
          const wanted = sent.filter((id) => !aborted.test(id));
          const dead = sent.filter((id) => unreadable.test(id));
          const answers = new Map<string, string>();
          const letters = new Set<string>();
          await readTopics(brokers, [refused, deadLetterTopic], (seen) => {
            for (const { topic, headers, value } of seen) {
              if (topic === deadLetterTopic) letters.add(headers['ce_id']!);
              else {
                const { command_id, code } = JSON.parse(String(value)) as { command_id: string; code: string };
                answers.set(command_id, code);
              }
            }
            return wanted.every((id) => answers.has(id)) && dead.every((id) => letters.has(id));
          });
          const readable = wanted.filter((id) => !unreadable.test(id));
          expect(readable.filter((id) => answers.get(id) !== 'run_not_found')).toEqual([]);
          expect(sent.filter((id) => aborted.test(id) && (answers.has(id) || letters.has(id)))).toEqual([]);
        });
      });
    },
  };
}
