// The few DER forms (X.690) that a certificate is written in, over node-forge's `asn1`. Writes only: nothing here is
// ever used to verify.
import forge from 'node-forge';

const { asn1 } = forge;
const { UNIVERSAL, CONTEXT_SPECIFIC } = asn1.Class;
const { Type } = asn1;

export type DerValue = forge.asn1.Asn1;

/** RFC 5758 section 3.2. */
export const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';

/** RFC 5280 section 4.1.2.5: UTCTime through the year 2049, GeneralizedTime from 2050 on. */
const FIRST_GENERALIZED_YEAR = 2050;

/** node-forge keeps bytes in strings of one character each. */
const toBinary = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

const primitive = (type: forge.asn1.Type, value: string): DerValue =>
  asn1.create(UNIVERSAL, type, false, value);

export const sequence = (...values: DerValue[]): DerValue =>
  asn1.create(UNIVERSAL, Type.SEQUENCE, true, values);
export const setOf = (value: DerValue): DerValue => asn1.create(UNIVERSAL, Type.SET, true, [value]);
export const boolean = (value: boolean): DerValue => primitive(Type.BOOLEAN, value ? '\xff' : '\0');
export const integer = (value: number): DerValue =>
  primitive(Type.INTEGER, asn1.integerToDer(value).getBytes());
export const oid = (dotted: string): DerValue => primitive(Type.OID, asn1.oidToDer(dotted).getBytes());
export const utf8 = (text: string): DerValue => primitive(Type.UTF8, toBinary(Buffer.from(text)));
export const octets = (bytes: Uint8Array): DerValue => primitive(Type.OCTETSTRING, toBinary(bytes));

/** A BIT STRING; `unusedBits` of the last byte do not count. */
export const bits = (bytes: Uint8Array, unusedBits = 0): DerValue =>
  primitive(Type.BITSTRING, String.fromCharCode(unusedBits) + toBinary(bytes));

/** A positive INTEGER of any length, from its bytes: the first must have its highest bit clear and not be zero. */
export const positiveInteger = (bytes: Uint8Array): DerValue => primitive(Type.INTEGER, toBinary(bytes));

/** To the second; DER has no fractions in certificates. */
export const time = (date: Date): DerValue =>
  date.getUTCFullYear() < FIRST_GENERALIZED_YEAR
    ? primitive(Type.UTCTIME, asn1.dateToUtcTime(date))
    : primitive(Type.GENERALIZEDTIME, asn1.dateToGeneralizedTime(date));

/** The typings of `create` know universal types only; a context-specific tag is any small number. */
const contextSpecific: (tag: number, constructed: boolean, value: string | DerValue[]) => DerValue =
  asn1.create.bind(null, CONTEXT_SPECIFIC);

/** `[tag]` around a whole value. */
export const explicit = (tag: number, value: DerValue): DerValue => contextSpecific(tag, true, [value]);
/** `[tag]` in place of the type of a primitive. */
export const implicit = (tag: number, bytes: Uint8Array): DerValue =>
  contextSpecific(tag, false, toBinary(bytes));

/** `[tag]` in place of the type of a SET OF, with nothing in it. */
export const emptySet = (tag: number): DerValue => contextSpecific(tag, true, []);

export const encodeDer = (value: DerValue): Buffer => Buffer.from(asn1.toDer(value).getBytes(), 'latin1');
export const decodeDer = (der: Uint8Array): DerValue => asn1.fromDer(toBinary(der));
