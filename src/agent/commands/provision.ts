// `patchcord provision`: gives the gateway limited users of its own in CouchDB. Shows first what it would change.
import type { Command } from 'commander';
import type { Cli, CommandContext } from '../cli/cli.js';
import { withExamples } from '../cli/examples.js';
import { canAsk, confirm, requireYes } from '../cli/prompt.js';
import { NO_ADMIN } from '../config/admin.js';
import { readConfigFile, setAt, writeConfigFile } from '../config/edit.js';
import { FIRST_DATABASE } from '../config/default-policy.js';
import { policyOf, withoutEnded } from '../config/gateway-env.js';
import { readSettings, type Settings } from '../config/settings.js';
import { openMembership } from '../directory/membership.js';
import { writeCredentials } from '../home/credentials.js';
import { openHome } from '../home/home.js';
import { openAdminAccess, type AdminAccess } from '../provision/admin-access.js';
import { applyPlan } from '../provision/apply.js';
import { formatStep } from '../provision/plan-text.js';
import { readPlan, type PlanContext, type Step } from '../provision/plan.js';
import { targetsOf, usernameOf } from '../provision/targets.js';
import { askAgentIfUp } from '../rpc/ask-agent.js';

interface Options {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function addProvision(program: Command, cli: Cli): void {
  const command = program
    .command('provision')
    .description(
      'make limited users in CouchDB for the gateway, and let them into the databases of the policy',
    )
    .option('--yes', 'do it without asking')
    .option('--dry-run', 'tell what would be changed, and change nothing')
    .option('--json', 'print JSON')
    .action((options: Options) => cli.run(options, (context) => runProvision(context, options)));
  withExamples(command, [
    ['patchcord provision --dry-run', 'what it would change'],
    ['patchcord provision', 'shows that, asks, and does it; safe to run again'],
    [
      'PATCHCORD_COUCHDB_ADMIN=admin PATCHCORD_COUCHDB_PASSWORD="$PASSWORD" patchcord provision --yes',
      'in a script',
    ],
  ]);
}

async function runProvision(context: CommandContext, options: Options): Promise<void> {
  const { output, paths } = context;
  const settings = await readSettings(paths);
  const { identity } = await openHome(paths, context.now());
  const membership = await openMembership({ paths, settings, identity });
  const access = await openAdminAccess(context, settings);
  const view = membership.view();
  const { deviceId } = identity;
  const plan: PlanContext = {
    ...access,
    targets: targetsOf(policyOf(settings, view), access.credentials, deviceId),
    ended: view.ended.map((credential) => ({ credential, username: usernameOf(credential, deviceId) })),
    firstDatabases: [FIRST_DATABASE, settings.directory],
  };
  const steps = (await readPlan(plan)).filter(
    // `up` makes the embedded server's users at each start, with passwords that only it has.
    ({ step }) => access.kind === 'configured' || step !== 'set-user',
  );
  output.tell({ event: 'plan', url: access.url, steps }, formatPlan(access.url, steps));
  if (steps.length === 0 || options.dryRun === true) return;
  await requireYes(context, options.yes === true, 'Do this?');
  let credentials = withoutEnded(access.credentials, view);
  await applyPlan(plan, steps, async (made) => {
    credentials = { ...credentials, ...made };
    await writeCredentials(paths.credentials, credentials);
  });
  const isUp = (await askAgentIfUp(paths, 'refresh-credentials')) !== null;
  const isAdminKnown = await keepAdmin(context, settings, access, options);
  const done = isUp ? 'Done; the running patchcord has it.' : 'Done. Next: patchcord up';
  output.tell(
    { event: 'done', isUp, isAdminKnown },
    isAdminKnown ? done : `${done}\nFor it, ${NO_ADMIN.text}, unless you ${NO_ADMIN.todo}.`,
  );
}

/** `up` follows with it what databases there are, and pulls; whether it is in the configuration now. */
async function keepAdmin(
  context: CommandContext,
  { couchdb }: Settings,
  { login }: AdminAccess,
  { yes = false }: Options,
): Promise<boolean> {
  if (couchdb === null || couchdb.admin !== null) return true;
  const { config } = context.paths;
  const question = `Keep the administrator in ${config}, which only you can read then? \`patchcord up\` pulls with it.`;
  if (yes || !canAsk(context) || !(await confirm(context, question))) return false;
  await writeConfigFile(context.paths, setAt(await readConfigFile(context.paths), 'couchdb.admin', login));
  return true;
}

const formatPlan = (url: string, steps: readonly Step[]): string =>
  steps.length === 0
    ? `Nothing to change in ${url}`
    : [`To change in ${url}:`, ...steps.map((step) => `  ${formatStep(step)}`)].join('\n');
