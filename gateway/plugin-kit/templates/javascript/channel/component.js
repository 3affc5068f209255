/** What the component exports, and the gateway made of what it imports. */

import { sign, verify } from 'outreach:plugin/secret@0.1.0';
import { handle } from 'wasi:http/outgoing-handler@0.2.0';
import { Fields, OutgoingBody, OutgoingRequest } from 'wasi:http/types@0.2.0';
import { componentGateway, exportChannel, exportWebhook } from './outreach-plugin-sdk/outreach.js';
import { Sms } from './plugin.js';

const gateway = componentGateway({ http: { handle, Fields, OutgoingBody, OutgoingRequest }, secret: { sign, verify } });

export const channel = exportChannel(Sms, gateway);
export const webhook = exportWebhook(Sms, gateway);
