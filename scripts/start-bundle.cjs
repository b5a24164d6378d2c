// Starts the bundle beside it, with what V8 had made of it when it was built: half of a start. Made by another V8, or
// under other flags, that is passed over, and the text compiled anew. Copied to where bundles are: see bundle.js.
'use strict';
const { existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script, constants } = require('node:vm');

const filename = join(__dirname, 'bundle.cjs');
const cache = join(__dirname, 'bundle.cache');
const script = new Script(readFileSync(filename, 'latin1'), {
  filename,
  cachedData: existsSync(cache) ? readFileSync(cache) : undefined,
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
script.runInThisContext()(exports, require, module, __dirname);
module.exports = { ...module.exports, script };
