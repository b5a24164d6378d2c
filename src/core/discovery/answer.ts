// What a query on the link gets as its answer: this device's records, or nothing.
import type { InstanceName } from './instance-name.js';
import {
  hostNameOf,
  isSameName,
  recordsOf,
  SERVICE,
  serviceNameOf,
  SERVICES,
  servicesPointer,
  TTL_SECONDS,
  type OwnRecord,
  type OwnService,
  type RawPacket,
  type RawQuestion,
  type RawRecord,
} from './records.js';

/** Questions and records of one packet that are looked at; what comes after them is not. */
export const MAX_RECORDS = 256;

/**
 * The records that answer `query`; empty where nothing of ours is asked for, or where the asker knows it already
 * (RFC 6762 section 7.1). Records are not picked apart: whoever asks for one gets all of them in one packet.
 */
export function decideAnswer(query: RawPacket, own: OwnService): OwnRecord[] {
  const questions = (query.questions ?? []).slice(0, MAX_RECORDS);
  const services: OwnRecord[] = questions.some(asks(SERVICES, 'PTR')) ? [servicesPointer()] : [];
  const isBrowsed = questions.some(asks(SERVICE, 'PTR')) && !isKnown(query, own.instance);
  return isBrowsed || questions.some(asksFor(own.instance)) ? [...services, ...recordsOf(own)] : services;
}

const asks =
  (name: string, ...types: readonly string[]) =>
  (question: RawQuestion): boolean =>
    isSameName(question.name, name) && (question.type === 'ANY' || types.includes(question.type));

const asksFor = (instance: InstanceName) => (question: RawQuestion) =>
  asks(serviceNameOf(instance), 'SRV', 'TXT')(question) || asks(hostNameOf(instance), 'AAAA')(question);

/** Whether the asker lists our pointer, with half of its time left or more. */
const isKnown = ({ answers = [] }: RawPacket, instance: InstanceName): boolean =>
  answers
    .slice(0, MAX_RECORDS)
    .some(
      ({ name, type, data, ttl = 0 }: RawRecord) =>
        type === 'PTR' &&
        isSameName(name, SERVICE) &&
        typeof data === 'string' &&
        isSameName(data, serviceNameOf(instance)) &&
        ttl >= TTL_SECONDS / 2,
    );
