import { Type } from '@sinclair/typebox'
import { oneOf } from '../one-of.ts'
import { dataFolder, decoding, outboundAllow, retention } from './common.ts'
import { integer, text } from './setting.ts'

export const ofAggregator = {
  SCRIPTORIUM_DATA: dataFolder,
  SCRIPTORIUM_OUTPUT: Type.Optional(
    text('Folder that folder runs of the API write to; checked at the start'),
  ),
  SCRIPTORIUM_WINDOW: integer('documents', 'Documents of one run on the queue at a time', {
    default: 20_000,
    minimum: 1,
    maximum: 1_000_000,
  }),
  SCRIPTORIUM_RECONCILE_MS: integer(
    'ms',
    'Longest pause between two comparisons of ledger and queue',
    {
      default: 10_000,
      minimum: 100,
    },
  ),
  SCRIPTORIUM_RETENTION: retention,
  ...decoding,
  SCRIPTORIUM_SEARCH: oneOf(['on', 'off'], {
    default: 'on',
    description: '`off` indexes nothing for search',
  }),
  SCRIPTORIUM_OUTBOUND_ALLOW: outboundAllow,
  SCRIPTORIUM_MAX_DELIVERIES: integer(
    'deliveries',
    'Pending webhook deliveries; further ones are listed as `failed`',
    { default: 20_000, minimum: 1, maximum: 1_000_000 },
  ),
}
