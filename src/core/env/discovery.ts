// Compiles `discovery`: on which links this device announces itself and looks for others, and whom it knows.
import type * as v from 'valibot';
import type { DeviceId } from '../ids.js';
import type { DISCOVERY, LISTEN } from './shape.js';

export interface Discovery {
  readonly on: v.InferOutput<typeof LISTEN>['on'];
  readonly announce: boolean;
  readonly browse: boolean;
  /** Devices to look for, besides those that the policy names. */
  readonly known: readonly DeviceId[];
}

/** On unless said otherwise. Loopback is no link, and a device without an identity has no name to announce. */
export function compileDiscovery(
  shape: v.InferOutput<typeof DISCOVERY> | null,
  listen: v.InferOutput<typeof LISTEN> | null,
  hasIdentity: boolean,
): Discovery {
  const on = listen?.on ?? 'link-local';
  const hasLinks = on !== 'loopback';
  return {
    on,
    announce: hasLinks && hasIdentity && (shape?.announce ?? true),
    browse: hasLinks && (shape?.browse ?? true),
    known: (shape?.known ?? []) as DeviceId[],
  };
}
