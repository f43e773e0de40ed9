import { Diagnostic, type DiagnosticFields } from '@bpfoundry/diagnostics'

/**
 * | code | meaning |
 * |---|---|
 * | `CAMPAIGN_SOURCE` | a shard names a file that there is not, or a module that makes no cases |
 * | `CAMPAIGN_OTHER_TREE` | a file of this worker's tree is not the one that the campaign was planned with |
 * | `CAMPAIGN_READING` | reading a file took too long, or ended the thread |
 * | `CAMPAIGN_ORACLE` | the running kernel can't be asked |
 * | `CAMPAIGN_UNWRITABLE` | a file that can't be written |
 * | `CAMPAIGN_QUEUE_URL` | the address of a queue that is none |
 * | `CAMPAIGN_QUEUE_NAME` | a campaign's name that can't name a queue |
 * | `CAMPAIGN_QUEUE_UNREACHABLE` | no Redis answers there |
 */
export type CampaignErrorCode =
  | 'CAMPAIGN_SOURCE'
  | 'CAMPAIGN_OTHER_TREE'
  | 'CAMPAIGN_READING'
  | 'CAMPAIGN_ORACLE'
  | 'CAMPAIGN_UNWRITABLE'
  | 'CAMPAIGN_QUEUE_URL'
  | 'CAMPAIGN_QUEUE_NAME'
  | 'CAMPAIGN_QUEUE_UNREACHABLE'

/** Every error that this package throws at bad input. */
export class CampaignError extends Diagnostic {
  declare readonly code: CampaignErrorCode

  constructor(fields: DiagnosticFields & { readonly code: CampaignErrorCode }) {
    super(fields)
  }
}
