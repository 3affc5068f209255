/** What the component exports. */

import { exportSegment } from './outreach-plugin-sdk/outreach.js';
import { WithoutVisit } from './plugin.js';

export const segment = exportSegment(WithoutVisit);
