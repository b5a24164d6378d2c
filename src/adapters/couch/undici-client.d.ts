// undici's HTTP/1.1 client alone: the package's own entry also loads fetch, caches, and what resolves names.
declare module 'undici/lib/dispatcher/client.js' {
  import { Client } from 'undici';
  export default Client;
}
