// What two devices have that is not the same: leaves of every document, the winning content, every file by its SHA-256.
import { hashesOf, sorted } from '../demo/content.js';

export async function differences(devices, database) {
  const [here, there] = await Promise.all(devices.map((device) => stateOf(device, database)));
  const keys = new Set([...here.state.keys(), ...there.state.keys()]);
  const found = [...keys].filter((key) => here.state.get(key) !== there.state.get(key));
  return { ...here.counts, differences: found.sort() };
}

async function stateOf(device, database) {
  const { results } = await device.ask('GET', `/${database}/_changes?style=all_docs`);
  const { rows } = await device.ask('GET', `/${database}/_all_docs?include_docs=true`);
  const files = await hashesOf(device.drive.folder);
  const state = new Map([
    ...results.map(({ id, changes, deleted = false }) => [
      `revisions of ${id}`,
      JSON.stringify([changes.map(({ rev }) => rev).sort(), deleted]),
    ]),
    ...rows.map(({ id, doc }) => [`content of ${id}`, JSON.stringify(sorted(doc))]),
    ...files.map(([id, hash]) => [`file ${id}`, hash]),
  ]);
  const counts = {
    documents: rows.length,
    conflicts: results.filter(({ changes }) => changes.length > 1).length,
    deleted: results.filter(({ deleted }) => deleted).length,
    attachments: rows.filter(({ doc }) => doc._attachments !== undefined).length,
    files: files.length,
  };
  return { state, counts };
}
