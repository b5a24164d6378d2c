// Why there is no such database, or none may be made: the same words wherever it is found out.
import { Failure } from '../cli/failure.js';

export const noName = (database: string): Failure =>
  new Failure('usage', 'no-database-name', `${JSON.stringify(database)} is no name of a database`, {
    hint: 'Small letters, digits and any of _$()+/-, beginning with a letter: dmedia-0-holidays',
  });

export const noDatabase = (database: string): Failure =>
  new Failure('noInput', 'no-database', `there is no database ${database}`, {
    hint: `Make it: patchcord databases add ${database}`,
  });

export const notGranted = (database: string): Failure =>
  new Failure(
    'noPermission',
    'not-granted',
    `the policy lets your devices write to no database ${database}`,
    {
      hint: 'Without a policy of your own, names begin with dmedia-0- or novacut-0-. See: patchcord config',
    },
  );

export const noAdministrator = (): Failure =>
  new Failure('noPermission', 'no-admin', 'patchcord up has no administrator of CouchDB, who could do it', {
    hint: 'Have it kept: patchcord provision. Then start `patchcord up` anew.',
  });
