import { randomBytes } from 'node:crypto';
import type { KubeObject, Resource } from '../object.ts';

export interface Widget extends KubeObject {
  readonly kind: 'Widget';
  readonly spec?: { readonly size?: number; readonly parts?: readonly string[]; readonly color?: string };
  readonly status?: { readonly phase?: string };
}

export interface Gadget extends KubeObject {
  readonly kind: 'Gadget';
  readonly data?: Readonly<Record<string, string>>;
}

/** Kinds of the contract's own: one with namespaces and a status apart, one with neither. */
export const widgets: Resource<Widget> = {
  group: 'contract.axoneme.io',
  version: 'v1',
  plural: 'widgets',
  kind: 'Widget',
  namespaced: true,
  hasStatus: true,
  selectableFields: ['spec.color'],
};

export const gadgets: Resource<Gadget> = {
  group: 'contract.axoneme.io',
  version: 'v1',
  plural: 'gadgets',
  kind: 'Gadget',
  namespaced: false,
};

/** A name, or label value, that no other test uses. */
export function unique(prefix: string): string {
  return `${prefix}-${randomBytes(4).toString('hex')}`;
}

export function widget(name: string, rest: Partial<Omit<Widget, 'apiVersion' | 'kind'>> = {}): Widget {
  return { apiVersion: 'contract.axoneme.io/v1', kind: 'Widget', ...rest, metadata: { name, namespace: 'default', ...rest.metadata } };
}

export function gadget(name: string, data: Readonly<Record<string, string>> = {}): Gadget {
  return { apiVersion: 'contract.axoneme.io/v1', kind: 'Gadget', metadata: { name }, data };
}

export const refOf = ({ metadata: { name = '', namespace } }: KubeObject) => ({ name, ...(namespace !== undefined && { namespace }) });
