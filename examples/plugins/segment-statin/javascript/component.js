/** What the component exports. */

import { exportSegment } from '../../../../plugin-sdk/javascript/outreach.js';
import { Statin } from './statin.js';

export const segment = exportSegment(Statin);
