// The steps of a plan, in words.
import type { Step } from './plan.js';

export function formatStep(step: Step): string {
  switch (step.step) {
    case 'create-database':
      return `make the database ${step.database}`;
    case 'set-user':
      return `${step.isNew ? 'make the user' : 'set roles and a new password of the user'} ${step.username}, with ${step.roles.join(', ')}`;
    case 'remove-user':
      return `remove the user ${step.username}: that share has ended`;
    case 'admit':
      return `add ${step.couchRole} to the ${step.group} of ${step.database}${step.closes ? ', which CLOSES it: now it is open to everyone' : ''}`;
    case 'no-startup-jitter':
      return `set [replicator] startup_jitter to 0 (it is ${step.was}), so that replication begins at once`;
  }
}
