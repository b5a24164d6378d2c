// Those that are compared, each with the same certificates, cipher, files and upstream, on a port of ::1.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { launchGateway } from '../../dist/index.js';
import { startServer } from './process.js';

const NGINX = '/usr/sbin/nginx';
const CADDY = '/usr/bin/caddy';
const HAPROXY = '/usr/sbin/haproxy';
const CIPHER = 'TLS_AES_128_GCM_SHA256';
/** Far above what a run opens: what is measured is not the bounds. */
const ROOM = 100_000;

/** What `npm run bench` wants, by Debian's names. */
export const PACKAGES = [
  { name: 'nginx-light', file: NGINX, isNeeded: true },
  { name: 'caddy', file: CADDY, isNeeded: false },
  { name: 'haproxy', file: HAPROXY, isNeeded: false },
];
export const missingPackages = () => PACKAGES.filter(({ file }) => !existsSync(file));

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '::1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** `devices` and `grants`: those that the policy names beside what a run needs, or instead of any device. */
export function gatewayEnv({ pki, store, upstreamPort, devices = null, grants = [] }) {
  return {
    version: 1,
    identity: {
      userId: pki.userId,
      deviceId: pki.server.deviceId,
      name: 'bench',
      cert: pki.server.certPem,
      key: pki.server.keyPem,
    },
    trust: { cas: { user: pki.ca.certPem } },
    listen: { on: 'loopback', port: 0 },
    couchdb: {
      url: `http://127.0.0.1:${upstreamPort}/`,
      databases: ['dmedia-0'],
      credentials: { own: { basic: { username: 'patchcord-own', password: 'bench' } } },
    },
    files: { stores: [store.parent] },
    policy: {
      roles: {
        'own-device': {
          databases: ['dmedia-0', ...grants].map((name) => ({ name, access: 'write' })),
          files: 'all',
          credentials: 'own',
        },
      },
      principals: (devices ?? [undefined]).map((device) => ({ issuer: 'user', device, role: 'own-device' })),
    },
    limits: {
      connections: ROOM,
      connectionsPerPrincipal: ROOM,
      requestsPerPrincipal: ROOM,
      feedsPerPrincipal: ROOM,
      strangers: 4096,
      strangersPerAddress: 4096,
    },
  };
}

export async function startPatchcord(setting) {
  const gateway = await launchGateway(gatewayEnv(setting), { onLog: (line) => console.error(line) });
  // Nobody reads them; the queue is bounded.
  void (async () => {
    for await (const event of gateway.events) void event;
  })();
  return {
    name: 'patchcord',
    pid: gateway.pid,
    port: gateway.ready.listeners[0].port,
    blobPath: ({ blobPath }) => blobPath,
    documentPath: '/couch/dmedia-0/doc',
    feedPath: '/couch/dmedia-0/_changes?feed=continuous&heartbeat=10000',
    stop: () => gateway.stop(),
  };
}

const plainPaths = {
  blobPath: ({ plainPath }) => plainPath,
  documentPath: '/dmedia-0/doc',
  feedPath: '/dmedia-0/_changes?feed=continuous&heartbeat=10000',
};

async function startNginx({ pki, store, upstreamPort, folder }) {
  const port = await freePort();
  const here = join(folder, 'nginx');
  mkdirSync(here, { recursive: true });
  const config = join(here, 'nginx.conf');
  writeFileSync(
    config,
    `daemon off; pid ${here}/pid; error_log ${here}/error.log; worker_processes 1; user root;
worker_rlimit_nofile 65536;
events { worker_connections 16384; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 300;
  client_body_temp_path ${here}/b; proxy_temp_path ${here}/p; fastcgi_temp_path ${here}/f; uwsgi_temp_path ${here}/u; scgi_temp_path ${here}/s;
  upstream couch { server 127.0.0.1:${upstreamPort}; keepalive 64; keepalive_requests 1000000000; }
  server {
    listen [::1]:${port} ssl;
    ssl_certificate ${pki.files.serverCert}; ssl_certificate_key ${pki.files.serverKey};
    ssl_client_certificate ${pki.files.ca}; ssl_verify_client on;
    ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites ${CIPHER}; ssl_session_tickets on;
    location /files/ { root ${store.dmedia}; default_type application/octet-stream; }
    location / { proxy_pass http://couch; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
      proxy_set_header Authorization "Basic cGF0Y2hjb3JkLW93bjpiZW5jaA=="; proxy_read_timeout 300; }
  }
}
`,
  );
  const server = await startServer(NGINX, ['-c', config, '-e', `${here}/error.log`], port);
  return { name: 'nginx', port, ...plainPaths, ...server };
}

async function startCaddy({ pki, store, upstreamPort, folder }) {
  const port = await freePort();
  const here = join(folder, 'caddy');
  mkdirSync(here, { recursive: true });
  const config = join(here, 'Caddyfile');
  writeFileSync(
    config,
    `{
  admin off
  auto_https off
  storage file_system ${here}
  servers {
    protocols h1
    strict_sni_host insecure_off
  }
}
https://:${port} {
  bind [::1]
  tls ${pki.files.serverCert} ${pki.files.serverKey} {
    protocols tls1.3
    client_auth {
      mode require_and_verify
      trusted_ca_cert_file ${pki.files.ca}
    }
  }
  handle /files/* {
    root * ${store.dmedia}
    file_server
  }
  handle {
    reverse_proxy 127.0.0.1:${upstreamPort} {
      header_up Authorization "Basic cGF0Y2hjb3JkLW93bjpiZW5jaA=="
      flush_interval -1
    }
  }
}
`,
  );
  const env = { ...process.env, HOME: here, XDG_CONFIG_HOME: here, XDG_DATA_HOME: here };
  const server = await startServer(CADDY, ['run', '--config', config, '--adapter', 'caddyfile'], port, {
    env,
  });
  return { name: 'caddy', port, ...plainPaths, ...server };
}

async function startHaproxy({ pki, upstreamPort, folder }) {
  const port = await freePort();
  const here = join(folder, 'haproxy');
  mkdirSync(here, { recursive: true });
  const config = join(here, 'haproxy.cfg');
  writeFileSync(
    config,
    `global
  nbthread 1
  ssl-default-bind-ciphersuites ${CIPHER}
  ssl-default-bind-options ssl-min-ver TLSv1.3
defaults
  mode http
  timeout connect 5s
  timeout client 300s
  timeout server 300s
frontend f
  bind [::1]:${port} ssl crt ${pki.files.serverBoth} ca-file ${pki.files.ca} verify required alpn http/1.1
  default_backend b
backend b
  http-reuse always
  http-request set-header Authorization "Basic cGF0Y2hjb3JkLW93bjpiZW5jaA=="
  server s 127.0.0.1:${upstreamPort}
`,
  );
  const server = await startServer(HAPROXY, ['-db', '-f', config], port);
  return { name: 'haproxy', port, ...plainPaths, servesNoFiles: true, ...server };
}

/** Calls `use` with all that are installed, each a new process, and stops them after it. */
export async function withServers(setting, use) {
  const starts = [startPatchcord, startNginx];
  if (existsSync(CADDY)) starts.push(startCaddy);
  if (existsSync(HAPROXY)) starts.push(startHaproxy);
  const servers = [];
  try {
    for (const start of starts) servers.push(await start(setting));
    return await use(servers);
  } finally {
    for (const server of servers) await server.stop();
  }
}
