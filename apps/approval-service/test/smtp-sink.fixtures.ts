import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

export interface SmtpSink {
  /** For `smtp_url`. */
  url: string;
  /** What was received, headers and all. */
  mails: { from: string; to: string[]; data: string }[];
  /** Answers commands that begin like this with something else, or not at all. */
  answer(command: string, reply: string | 'hang'): void;
  stop(): Promise<void>;
}

/** A mail server on a port of this machine that keeps what it is sent, and sends nothing on. */
export async function startSmtpSink(): Promise<SmtpSink> {
  const mails: SmtpSink['mails'] = [];
  const answers: [command: string, reply: string][] = [];
  const sockets = new Set<Socket>();
  const server = createServer(async (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    const say = (line: string) => socket.write(`${line}\r\n`);
    let mail: SmtpSink['mails'][number] = { from: '', to: [], data: '' };
    let inData = false;
    say('220 sink.example');
    for await (const line of createInterface({ input: socket })) {
      if (inData && line !== '.') {
        mail.data += `${line}\n`;
        continue;
      }
      const command: string = inData ? '.' : line;
      const answer = answers.find(([begin]) => command.toUpperCase().startsWith(begin))?.[1];
      if (answer === 'hang') continue;
      const accepted = answer === undefined || answer.startsWith('2');
      if (/^MAIL/i.test(command)) mail = { from: addressIn(command), to: [], data: '' };
      if (/^RCPT/i.test(command) && accepted) mail.to.push(addressIn(command));
      if (inData && accepted) mails.push(mail);
      inData = command.toUpperCase() === 'DATA' && accepted;
      say(answer ?? (inData ? '354 go on' : '250 fine'));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mails,
    answer: (command, reply) => void answers.unshift([command, reply]),
    async stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

const addressIn = (command: string): string => /<(.*?)>/.exec(command)![1]!;
