// A strict JSON scanner (RFC 8259) that takes a text piece by piece, so that a body of many MiB is judged while it
// arrives and nothing ever blocks for the whole of it. It builds no tree: it tells a listener about the keys and the
// string values of the outer levels, and decides whether the text is JSON at all.

export interface JsonListener {
  /** A key of the object at `depth` (the root is 1). */
  onKey(depth: number, key: string): void;
  /** A value begins at `depth`, the depth of what holds it (0 for the root itself). */
  onValue(depth: number, kind: 'object' | 'array' | 'string' | 'other'): void;
  /** The content of a string value at `depth`. */
  onString(depth: number, text: string): void;
  onClose(depth: number): void;
}

export interface JsonScanner {
  /** Takes the next piece; throws `JsonError`. */
  write(text: string): void;
  /** Throws `JsonError` unless exactly one whole value was written. */
  end(): void;
}

export class JsonError extends Error {}

type State =
  'value' | 'first-element' | 'first-key' | 'key' | 'colon' | 'comma' | 'string' | 'escape' | 'word' | 'done';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;
const WORD = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;
const WORD_CHARACTER = /[-+.0-9A-Za-z]/;
/** Longer than any number that someone wrote on purpose. */
const MAX_WORD_CHARACTERS = 1024;
/** `\u` and four digits, less the backslash. */
const UNICODE_ESCAPE_CHARACTERS = 5;
const ESCAPE = /^(?:["\\/bfnrt]|u[0-9a-fA-F]{4})$/;

/** A scanner that refuses what is nested deeper than `maxDepth`, and tells `listener` of depths up to `listenDepth`. */
export function createJsonScanner(options: {
  readonly maxDepth: number;
  readonly listenDepth: number;
  readonly listener: JsonListener;
}): JsonScanner {
  const { listener, listenDepth, maxDepth } = options;
  /** One character for each open level: "{" or "[". */
  const open: string[] = [];
  let state: State = 'value';
  let isKey = false;
  /** The string or word so far; of strings only where the listener hears of them. */
  let held = '';
  let escape = '';

  const heard = (): boolean => open.length <= listenDepth;

  function afterValue(): void {
    state = open.length === 0 ? 'done' : 'comma';
  }

  function begin(kind: 'object' | 'array' | 'string' | 'other'): void {
    if (heard()) listener.onValue(open.length, kind);
  }

  function openLevel(bracket: '{' | '['): void {
    begin(bracket === '{' ? 'object' : 'array');
    open.push(bracket);
    if (open.length > maxDepth) throw new JsonError('nested too deeply');
    state = bracket === '{' ? 'first-key' : 'first-element';
  }

  function closeLevel(bracket: '{' | '['): void {
    if (heard()) listener.onClose(open.length);
    if (open.pop() !== bracket) throw new JsonError('a bracket closes another');
    afterValue();
  }

  function startString(key: boolean): void {
    if (!key) begin('string');
    isKey = key;
    held = '';
    state = 'string';
  }

  function endString(): void {
    if (heard()) {
      const text = JSON.parse(`"${held}"`) as string;
      if (isKey) listener.onKey(open.length, text);
      else listener.onString(open.length, text);
    }
    if (isKey) state = 'colon';
    else afterValue();
  }

  function endWord(): void {
    if (!WORD.test(held)) throw new JsonError('not a value');
    afterValue();
  }

  function onValueCharacter(character: string): void {
    if (character === '"') startString(false);
    else if (character === '{' || character === '[') openLevel(character);
    else if (character === ']' && state === 'first-element') closeLevel('[');
    else if (WORD_CHARACTER.test(character)) {
      begin('other');
      held = character;
      state = 'word';
    } else throw new JsonError('not a value');
  }

  function onKeyCharacter(character: string): void {
    if (character === '"') startString(true);
    else if (character === '}' && state === 'first-key') closeLevel('{');
    else throw new JsonError('not a key');
  }

  function onCommaCharacter(character: string): void {
    const inObject = open.at(-1) === '{';
    if (character === ',') state = inObject ? 'key' : 'value';
    else if (character === '}') closeLevel('{');
    else if (character === ']') closeLevel('[');
    else throw new JsonError('neither a comma nor a bracket');
  }

  function onStructure(character: string): void {
    if (character === ' ' || character === '\n' || character === '\r' || character === '\t') return;
    if (state === 'value' || state === 'first-element') onValueCharacter(character);
    else if (state === 'key' || state === 'first-key') onKeyCharacter(character);
    else if (state === 'comma') onCommaCharacter(character);
    else if (state === 'colon' && character === ':') state = 'value';
    else throw new JsonError('something stands where nothing may');
  }

  /** Runs to the end of the string or of the piece; returns where it stopped. */
  function scanString(text: string, start: number): number {
    let at = start;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE || code === BACKSLASH) break;
      if (code < FIRST_PRINTABLE) throw new JsonError('a control character in a string');
    }
    if (heard()) held += text.slice(start, at);
    if (at === text.length) return at;
    if (text.charCodeAt(at) === QUOTE) endString();
    else {
      escape = '';
      state = 'escape';
    }
    return at + 1;
  }

  function scanEscape(character: string): void {
    escape += character;
    if (escape.startsWith('u') && escape.length < UNICODE_ESCAPE_CHARACTERS) return;
    if (!ESCAPE.test(escape)) throw new JsonError('not an escape');
    if (heard()) held += `\\${escape}`;
    state = 'string';
  }

  /** Takes one character of a number or a literal; false when it belongs to what follows. */
  function scanWord(character: string): boolean {
    if (!WORD_CHARACTER.test(character)) {
      endWord();
      return false;
    }
    if (held.length === MAX_WORD_CHARACTERS) throw new JsonError('a number is too long');
    held += character;
    return true;
  }

  return {
    write(text) {
      let at = 0;
      while (at < text.length) {
        if (state === 'string') at = scanString(text, at);
        else if (state === 'escape') scanEscape(text.charAt(at++));
        else if (state === 'word') at += scanWord(text.charAt(at)) ? 1 : 0;
        else onStructure(text.charAt(at++));
      }
    },
    end() {
      if (state === 'word') endWord();
      if (state !== 'done') throw new JsonError('the text ends too soon');
    },
  };
}
