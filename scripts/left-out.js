// What bundles are made without, as plugins of esbuild: parts of packages that this project never comes to.

/** What is absent is asked for in a `try`: debug's colours. */
const withoutColours = {
  name: 'without supports-color',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^supports-color$/ }, ({ path }) => ({ path, namespace: 'absent' }));
    onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: 'throw new Error()' }));
  },
};

/** koa's table of file name endings, 400 KB in two versions: no reply here has its type guessed. */
const withoutMimeTable = {
  name: 'without the table of mime-db',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/mime-db\/db\.json$/ }, () => ({ contents: '{}', loader: 'json' })),
};

/** Of undici, what is for fetch: HTTP/2, and bodies that are forms. */
const withoutFetch = {
  name: 'without what is for fetch',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/undici\/lib\/(dispatcher\/client-h2|web\/fetch\/body)\.js$/ }, () => ({
      contents: '',
      loader: 'js',
    })),
};

export const LEFT_OUT = [withoutColours, withoutMimeTable, withoutFetch];
