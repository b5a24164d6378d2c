// Limits of speed: bodies that do not get on, and replies that nobody takes.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, suite, test } from 'node:test';
import { createEnv, tlsOf } from '../../kit/env.js';
import { startGateway } from '../../kit/gateway.js';
import { createTestPki } from '../../kit/pki.js';
import { connectRaw, get, parseReply, type RawClient } from '../../kit/raw-client.js';
import { startStreamingUpstream, type StreamingUpstream } from '../../kit/streaming-upstream.js';
import { eventually } from '../../kit/until.js';

const head = (line: string, fields: string): string => `${line} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`;

suite('bodies and replies that do not get on', () => {
  const WINDOW_MS = 2000;
  const BYTES_PER_SECOND = 1000;
  const pki = createTestPki();
  let upstream: StreamingUpstream;
  let port: number;
  let stop: () => Promise<unknown>;

  before(async () => {
    upstream = await startStreamingUpstream();
    const limits = { bodyStallMs: WINDOW_MS, bodyBytesPerSecond: BYTES_PER_SECOND, replyStallMs: WINDOW_MS };
    const gateway = await startGateway(createEnv({ pki, couchUrl: upstream.url, limits }));
    port = gateway.port;
    stop = () => gateway.stop();
  });
  after(async () => {
    await stop();
    await upstream.close();
  });

  const letIn = (): RawClient => connectRaw(port, tlsOf(pki.ada.desktop));
  const status = async (client: RawClient): Promise<number | undefined> =>
    parseReply(await client.until((bytes) => parseReply(bytes) !== null))?.status;

  for (const [kind, line] of [
    ['held', 'PUT /couch/dmedia-0/doc'],
    ['streamed', 'PUT /couch/dmedia-0/doc/att'],
  ] as const) {
    test(`bodyStallMs: a body that is ${kind} is cut when it is too slow, and goes on when it is not`, async () => {
      upstream.handle = (request, response) => void request.resume().on('end', () => response.end('{}'));
      const [slow, steady] = [letIn(), letIn()];
      const size = 1_000_000;
      for (const client of [slow, steady]) client.write(`${head(line, `Content-Length: ${size}\r\n`)}{`);
      let sent = 1;
      // Ten times as fast as it must be, so that a busy machine does not make it slow.
      const pieces = setInterval(() => {
        steady.write(' '.repeat(BYTES_PER_SECOND));
        sent += BYTES_PER_SECOND;
      }, 100);
      await slow.closed;
      clearInterval(pieces);
      assert.equal(slow.received().length, 0);
      assert.equal(steady.socket.destroyed, false);
      steady.write(`${' '.repeat(size - sent - 1)}}`);
      assert.equal(await status(steady), 200);
      steady.socket.destroy();
    });
  }

  test('bodyStallMs: a body that the upstream does not take is not slow', async () => {
    let take: () => void = () => undefined;
    const taken = new Promise<number>((resolve) => {
      upstream.handle = (request, response) => {
        let bytes = 0;
        request.pause();
        take = () => void request.on('data', (piece: Buffer) => void (bytes += piece.length)).resume();
        request.on('end', () => {
          resolve(bytes);
          response.end('{}');
        });
      };
    });
    const [waiting, slow] = [letIn(), letIn()];
    const body = Buffer.alloc(64 * 1024 * 1024);
    waiting.write(head('PUT /couch/dmedia-0/doc/att', `Content-Length: ${body.length}\r\n`));
    waiting.write(body);
    // It has waited for longer than a slow one may be, and longer again.
    slow.write(head('PUT /couch/dmedia-0/doc', 'Content-Length: 10\r\n'));
    await slow.closed;
    const slower = letIn();
    slower.write(head('PUT /couch/dmedia-0/doc', 'Content-Length: 10\r\n'));
    await slower.closed;
    assert.equal(waiting.socket.destroyed, false);
    take();
    assert.equal(await taken, body.length);
    assert.equal(await status(waiting), 200);
    waiting.socket.destroy();
  });

  test('replyStallMs: a reply of which nothing is taken is cut; one that is taken slowly is not', async () => {
    const size = 64 * 1024 * 1024;
    const piece = Buffer.alloc(64 * 1024);
    const cut: Promise<unknown>[] = [];
    upstream.handle = ({ url }, response) => {
      response.writeHead(200, { 'content-length': size });
      if (url?.endsWith('stalled') === true) cut.push(once(response, 'close'));
      let left = size;
      const fill = (): void => {
        while (left > 0) {
          left -= piece.length;
          if (!response.write(piece)) return void response.once('drain', fill);
        }
        response.end();
      };
      fill();
    };
    const slow = letIn();
    slow.write(get('/couch/dmedia-0/doc/slow'));
    let taken = 0;
    // A little, again and again.
    slow.socket.removeAllListeners('data').on('data', (bytes: Buffer) => {
      taken += bytes.length;
      slow.socket.pause();
    });
    const reading = setInterval(() => slow.socket.resume(), 20);
    const stalled = letIn();
    stalled.write(get('/couch/dmedia-0/doc/stalled'));
    stalled.socket.pause();
    await eventually(() => cut[0] ?? null);
    assert.equal(slow.socket.destroyed, false);
    clearInterval(reading);
    slow.socket.removeAllListeners('data').on('data', (bytes: Buffer) => void (taken += bytes.length));
    slow.socket.resume();
    await eventually(() => taken > size || null);
    [slow, stalled].forEach(({ socket }) => socket.destroy());
  });
});
