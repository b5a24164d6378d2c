// What the gateway must know of the documents in a body before the upstream may have it: their ids. It is read from
// the text as it arrives. A document whose keys have two readings (CVE-2017-12635) is refused.
import { Refusal } from '../errors.js';
import { createJsonScanner, JsonError, type JsonListener } from '../json/scanner.js';

/** Where documents stand in a body: it is one itself, or they are the elements of its `docs`. */
export type DocumentsAt = 'root' | 'docs' | 'nowhere';

export interface BodyJudge {
  /** Takes the next bytes; throws the `Refusal`. */
  write(bytes: Uint8Array): void;
  /** Throws the `Refusal` of a body that ended too soon. */
  end(): void;
}

/** What a document's id must satisfy; called with null for a document without one. Throws the `Refusal`. */
export type IdRule = (id: string | null) => void;

/** Deeper than documents are, and shallow enough for every parser behind. */
export const MAX_JSON_DEPTH = 256;
const ROOT_DEPTH = 1;
const DOCS_DEPTH = 2;
const BULK_DOCUMENT_DEPTH = 3;

/** Judges a JSON object as it arrives: strict UTF-8, strict JSON, no key twice where it matters, ids by `rule`. */
export function createBodyJudge(documents: DocumentsAt, rule: IdRule): BodyJudge {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const listener =
    documents === 'docs' ? bulkListener(rule) : objectListener(documents === 'root' ? rule : null);
  const scanner = createJsonScanner({
    maxDepth: MAX_JSON_DEPTH,
    listenDepth: documents === 'docs' ? BULK_DOCUMENT_DEPTH : ROOT_DEPTH,
    listener,
  });
  const refusing = (judge: () => void): void => {
    try {
      judge();
    } catch (error) {
      // TypeError: bytes that are not UTF-8.
      if (error instanceof JsonError || error instanceof TypeError) throw new Refusal('body-json');
      throw error;
    }
  };
  return {
    write: (bytes) => refusing(() => scanner.write(decoder.decode(bytes, { stream: true }))),
    end: () =>
      refusing(() => {
        scanner.write(decoder.decode());
        scanner.end();
      }),
  };
}

/** One object at `depth`: its keys are unique, and its `_id`, if it has one, is a string. */
function createObjectRules(depth: number): JsonListener & { id: string | null } {
  let keys = new Set<string>();
  let key: string | null = null;
  return {
    id: null,
    onKey(at, name) {
      if (at !== depth) return;
      if (keys.has(name)) throw new Refusal('body-json');
      keys.add(name);
      key = name;
    },
    onValue(at, kind) {
      if (at === depth && key === '_id' && kind !== 'string') throw new Refusal('body-shape');
      // A new object begins.
      if (at === depth - 1) {
        keys = new Set();
        key = null;
        this.id = null;
      }
    },
    onString(at, text) {
      if (at === depth && key === '_id') this.id = text;
    },
    onClose: () => undefined,
  };
}

/** The root is an object; with a rule, it is a document too. */
function objectListener(rule: IdRule | null): JsonListener {
  const root = createObjectRules(ROOT_DEPTH);
  return {
    onKey: (depth, key) => root.onKey(depth, key),
    onString: (depth, text) => root.onString(depth, text),
    onValue(depth, kind) {
      if (depth === 0 && kind !== 'object') throw new Refusal('body-shape');
      root.onValue(depth, kind);
    },
    onClose(depth) {
      if (depth === ROOT_DEPTH) rule?.(root.id);
    },
  };
}

/** The root is an object whose `docs` is an array of documents, each of which `rule` judges. */
function bulkListener(rule: IdRule): JsonListener {
  const root = objectListener(null);
  const document = createObjectRules(BULK_DOCUMENT_DEPTH);
  let inDocs = false;
  let sawDocs = false;
  return {
    onKey(depth, key) {
      root.onKey(depth, key);
      if (depth === ROOT_DEPTH) inDocs = key === 'docs';
      else if (inDocs) document.onKey(depth, key);
    },
    onString: (depth, text) => {
      if (inDocs) document.onString(depth, text);
    },
    onValue(depth, kind) {
      root.onValue(depth, kind);
      if (!inDocs) return;
      if (depth === ROOT_DEPTH && kind !== 'array') throw new Refusal('body-shape');
      if (depth === DOCS_DEPTH && kind !== 'object') throw new Refusal('body-shape');
      sawDocs = true;
      document.onValue(depth, kind);
    },
    onClose(depth) {
      if (inDocs && depth === BULK_DOCUMENT_DEPTH) rule(document.id);
      if (depth === ROOT_DEPTH && !sawDocs) throw new Refusal('body-shape');
    },
  };
}
