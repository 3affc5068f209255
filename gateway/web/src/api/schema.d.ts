// Generated from gateway/api/openapi.json by `npm run schema`. Not written by hand.

export interface paths {
    "/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Accounts by name. */
        get: {
            parameters: {
                query?: {
                    /** @description Words that are in the name. */
                    q?: string;
                    /** @description How many to leave out. */
                    offset?: number;
                    /** @description How many at most, 1 to 500. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_AccountView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One's own tokens. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_ApiTokenView"];
                    };
                };
            };
        };
        put?: never;
        /** Makes a token. The secret is shown this once. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ApiTokenInput"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["NewApiToken"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Takes one of one's own tokens away. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The audit, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description About this patient, by id. */
                    patient?: string;
                    /** @description How many to leave out. */
                    offset?: number;
                    /** @description How many at most, 1 to 500. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_AuditView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/identity-decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What staff decided and did not take back, the newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description How many to leave out. */
                    offset?: number;
                    /** @description How many at most, 1 to 500. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_IdentityDecisionView"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Decides that a record and others are one person's, or are not. Whoever is parted keeps the opt-outs of all of them. The person of the
         *     record as it is then.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["IdentityDecisionInput"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PersonView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/identity-decisions/{id}/{other}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Takes a decision about two records back: the rules alone count for them again. Whoever is parted by it keeps the opt-outs of both. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description One of the records, `pat_...` */
                    id: string;
                    /** @description The other */
                    other: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/identity-questions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is open, the oldest first. */
        get: {
            parameters: {
                query?: {
                    /** @description How many to leave out. */
                    offset?: number;
                    /** @description How many at most, 1 to 500. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_IdentityQuestionView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/journeys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All journeys by title. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_JourneyRow"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/journeys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One journey in full. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["JourneyView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/journeys/{id}/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** People in a journey, those on the way first. */
        get: {
            parameters: {
                query?: {
                    /** @description How many to leave out. */
                    offset?: number;
                    /** @description How many at most, 1 to 500. */
                    limit?: number;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_RunView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/journeys/{id}/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Sets a journey live, pauses it or stops it for good. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["JourneyStatusInput"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/message-counts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many messages are in each status. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["StatusCount"][];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/message-templates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All message templates by title. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_MessageTemplateView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Messages, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description In this status. */
                    status?: "due" | "refused" | "in-flight" | "accepted" | "rejected" | "unknown" | "expired" | "cancelled";
                    /** @description Of this journey, by id. */
                    journey?: string;
                    /** @description To this patient, by id. */
                    patient?: string;
                    /** @description How many to leave out. */
                    offset?: number;
                    /** @description How many at most, 1 to 500. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_MessageView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One message. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["MessageView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The description of this API. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, never>;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Counts for the start page. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Overview"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/patients": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Patients by family name. */
        get: {
            parameters: {
                query?: {
                    /** @description Words that are in the name, or an id or identifier, or a birth date as `1980-02-29`. */
                    q?: string;
                    /** @description Record status. */
                    status?: "active" | "inactive" | "merged" | "deleted" | "referenced";
                    /** @description How many to leave out. */
                    offset?: number;
                    /** @description How many at most, 1 to 500. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_PatientRow"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/patients/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One patient in full. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PatientView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/patients/{id}/consents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A patient's decisions, newest first. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_ConsentView"];
                    };
                };
            };
        };
        put?: never;
        /** Records a decision that a patient told to staff. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ConsentInput"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ConsentView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/patients/{id}/facts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A patient's facts, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description Of this kind alone. */
                    kind?: "condition" | "medication" | "allergy" | "immunization" | "procedure" | "observation" | "encounter" | "order" | "coverage" | "appointment" | "care-team" | "interaction" | "subscription";
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_FactView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/patients/{id}/memberships": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A patient's segments, and why. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_MembershipView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/patients/{id}/person": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The person of a record. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PersonView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/patients/{id}/resources/{type}/{fhir_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The raw FHIR JSON of a resource of a patient, as it came. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                    type: string;
                    fhir_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/fhir+json": Record<string, never>;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/patients/{id}/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A patient's ways through journeys, the latest first. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_PatientRunView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/patients/{id}/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What happened with a patient, newest first. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_TimelineEntry"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/plugins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All plugins. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_PluginView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/plugins/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One plugin, and what it did. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PluginRecord"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/plugins/{name}/calls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Traces of a plugin's last calls, the newest first: fifty, and beside them the last twenty without an answer. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_PluginCallView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/plugins/{name}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lets a parked plugin take work again. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/quarantine": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What could not be read, newest first, without its text. */
        get: {
            parameters: {
                query?: {
                    /** @description Of this source, by id or name. */
                    source?: string;
                    /** @description That stands so. */
                    status?: components["schemas"]["QuarantineStatusWord"];
                    /** @description Because of this, as the counts by reason say it. */
                    reason?: string;
                    /** @description How many to leave out. */
                    offset?: number;
                    /** @description How many at most, 1 to 500. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_QuarantineRow"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/quarantine-reasons": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Counts by reason, the most first. */
        get: {
            parameters: {
                query?: {
                    /** @description Of this source, by id or name. */
                    source?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_QuarantineReason"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/quarantine/dismiss": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Puts what is open aside. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["QuarantineChoice"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DismissedView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/quarantine/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Reads what is open again, with the mapping there is now. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["QuarantineChoice"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ReplayView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/quarantine/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One thing that could not be read, with its raw text. It can be a patient's. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["QuarantineView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/segments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All segments by title. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_SegmentRow"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/segments/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What a definition would decide: how many people, who would join, who would leave. Nothing is changed. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PreviewRequest"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PreviewView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/segments/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One segment in full. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SegmentView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/segments/{id}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Members of a segment by name, each with the reasons. */
        get: {
            parameters: {
                query?: {
                    /** @description How many to leave out. */
                    offset?: number;
                    /** @description How many at most, 1 to 500. */
                    limit?: number;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_MemberView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/segments/{id}/members.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Members of a segment as a table (RFC 4180, UTF-8), with the reasons. A cell that a spreadsheet would take for a formula begins with an
         *     apostrophe.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/csv": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is signed in. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SessionView"];
                    };
                };
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        /** Signs in: sets the session cookie. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SignInInput"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SessionView"];
                    };
                };
            };
        };
        /** Signs out: ends the session on the server and takes the cookie away. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sources": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All sources by name. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_SourceView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sources/{id}/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Runs of a source, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description How many to leave out. */
                    offset?: number;
                    /** @description How many at most, 1 to 500. */
                    limit?: number;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_SyncRunView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sources/{id}/sync": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Asks for a run now. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sources/{id}/unmapped": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the facts of a source are coded, and the codes that a mapping could give a standard one. It reads all facts of the source. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CodeReportView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/subscription-lists": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The topics patients can join or leave. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_SubscriptionListView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tasks: open ones first, of these the ones that are due first. */
        get: {
            parameters: {
                query?: {
                    /** @description In this status. */
                    status?: "open" | "done" | "cancelled";
                    /** @description About this patient, by id; those of the person's other records are among them. */
                    patient?: string;
                    /** @description Whose: `me` (mine or my role's), `nobody`, a role, or a user by id. */
                    assignee?: string;
                    /** @description How many to leave out. */
                    offset?: number;
                    /** @description How many at most, 1 to 500. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_TaskView"];
                    };
                };
            };
        };
        put?: never;
        /** Puts a task down. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TaskInput"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TaskView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One task. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TaskView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks/{id}/assignee": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Gives an open task to somebody, or to whoever comes first. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["AssigneeInput"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TaskView"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks/{id}/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Says that a task is done, or is not to be done any more. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TaskEndInput"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TaskView"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/terminology/codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Codes of all value sets that are there, with the value sets that have each: 200 at most, those whose code begins so first. */
        get: {
            parameters: {
                query: {
                    /** @description Words of a display, or the beginning of a code, at least two letters. */
                    q: string;
                    /** @description The code system alone that is meant. */
                    system?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_FoundCodeView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/terminology/needs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The value sets that measures and segments name, and which of them are missing or starter sets alone. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_NeedsView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/terminology/value-sets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Value sets by title: those imported, and the starter sets for those that were not. */
        get: {
            parameters: {
                query?: {
                    /** @description Words of a title, or a part of a URL, OID, code or display; all of them are met. */
                    q?: string;
                    /** @description How many to leave out. */
                    offset?: number;
                    /** @description How many at most, 1 to 500. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_ValueSetRow"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/terminology/value-sets/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One value set by canonical URL (percent-encoded), `urn:oid:` or OID, with its versions and codes. */
        get: {
            parameters: {
                query?: {
                    /** @description Words of a title, or a part of a URL, OID, code or display; all of them are met. */
                    q?: string;
                    /** @description How many to leave out. */
                    offset?: number;
                    /** @description How many at most, 1 to 500. */
                    limit?: number;
                };
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ValueSetView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All users by name. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_UserView"];
                    };
                };
            };
        };
        put?: never;
        /** Adds a user. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["UserInput"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["UserView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Changes a user. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["UserChangeInput"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["UserView"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/write-back-retries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tries again what was given up. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RetryInput"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Retried"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/write-backs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Write-backs, the latest first. Ids and reasons alone: whoever keeps the sources running sees no patient. */
        get: {
            parameters: {
                query?: {
                    /** @description In this status. */
                    status?: "waiting" | "done" | "failed";
                    /** @description To this source, by id or name. */
                    source?: string;
                    /** @description Of this message, decision or task, by id. */
                    object?: string;
                    /** @description How many to leave out. */
                    offset?: number;
                    /** @description How many at most, 1 to 500. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_WriteBackView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description An account by id. */
        AccountRef: {
            /** @description `acc_...` */
            id: string;
            /** @description Its name. */
            name: string;
        };
        /** @description An account. */
        AccountView: {
            /** @description Whether the source says it is in use. */
            active: boolean;
            /** @description City. */
            city: string | null;
            /** @description `acc_...` */
            id: string;
            /** @description What kind of organization it is, in the words of the source. */
            kind: string | null;
            /** @description Its name. */
            name: string;
            /**
             * Format: int64
             * @description Patients whose managing organization it is.
             */
            patients: number;
            /** @description Name of the source. */
            source: string;
            /** @description State. */
            state: string | null;
        };
        /**
         * @description What an actor is.
         * @enum {string}
         */
        ActorKind: "user" | "token" | "plugin" | "system" | "patient" | "anonymous";
        /** @description Who did it. */
        ActorView: {
            /** @description Their id; null for nobody known. */
            id: string | null;
            /** @description What they are. */
            kind: components["schemas"]["ActorKind"];
            /** @description The name of a user. */
            name: string | null;
        };
        /** @description A postal address. */
        AddressView: {
            /** @description City. */
            city: string | null;
            /** @description Country. */
            country: string | null;
            /** @description Street lines. */
            lines: string[];
            /** @description Postal code. */
            postal_code: string | null;
            /** @description State. */
            state: string | null;
        };
        /** @description A new key. */
        ApiTokenInput: {
            /**
             * Format: date-time
             * @description When it ends; never where it is left out.
             */
            expires_at?: string | null;
            /** @description What it is for. */
            name: string;
        };
        /** @description A key, without its secret. */
        ApiTokenView: {
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it ends.
             */
            expires_at: string | null;
            /** @description `tok_...` */
            id: string;
            /** @description What it is for. */
            name: string;
        };
        /** @description Who is to do a task. */
        AssigneeInput: {
            /** @description `me`, a role, or a user by id; null is whoever comes first. */
            assignee: string | null;
        };
        /**
         * @description What was done.
         * @enum {string}
         */
        AuditActionWord: "read" | "search" | "create" | "update" | "sign-in" | "sign-out";
        /** @description A line of the audit. */
        AuditView: {
            /** @description What. */
            action: components["schemas"]["AuditActionWord"];
            /** @description Who. */
            actor: components["schemas"]["ActorView"];
            /** @description Whether it was allowed. */
            allowed: boolean;
            /**
             * Format: date-time
             * @description When.
             */
            at: string;
            /** @description More about it: ids and counts only. */
            detail: string;
            /** @description `aud_...` */
            id: string;
            /** @description What it was done to: a noun, or a route template. */
            object: string;
            /** @description The patient whose data it was, by id. */
            patient: string | null;
        };
        /** @description A call without an answer. */
        CallErrorView: {
            /** @description When it began. */
            at: string;
            /** @description What the plugin was called for. */
            function: components["schemas"]["PluginFunctionWord"];
            /**
             * Format: int64
             * @description The number of the call among the plugin's calls.
             */
            number: number;
            /** @description How it ended. */
            outcome: components["schemas"]["CallOutcomeWord"];
            /** @description Why, in the gateway's words. */
            reason: string;
        };
        /** @description Calls added up. */
        CallFiguresView: {
            /**
             * Format: int64
             * @description With an answer.
             */
            answered: number;
            /**
             * Format: int64
             * @description Calls that ended.
             */
            calls: number;
            /**
             * Format: double
             * @description Time the plugin computed.
             */
            computing_seconds: number;
            /**
             * Format: int64
             * @description Units of fuel, about one for each instruction.
             */
            fuel: number;
            /**
             * Format: int64
             * @description Calls of the host, HTTP requests aside.
             */
            host_calls: number;
            /** @description HTTP. */
            http: components["schemas"]["HttpTrafficView"];
            /**
             * Format: int64
             * @description Lines for the log.
             */
            log_lines: number;
            /**
             * Format: double
             * @description Time of the longest.
             */
            longest_seconds: number;
            /**
             * Format: int64
             * @description Look-ups of codes and value sets.
             */
            lookups: number;
            /**
             * Format: int64
             * @description Messages for the relay.
             */
            mails: number;
            /**
             * Format: int64
             * @description The most bytes of memory one call held.
             */
            most_memory_bytes: number;
            /**
             * Format: int64
             * @description With an answer that can't be.
             */
            nonsense: number;
            /**
             * Format: double
             * @description Time calls waited for a free place, and for their turns to compute.
             */
            queueing_seconds: number;
            /**
             * Format: int64
             * @description With an error the plugin itself named.
             */
            said: number;
            /**
             * Format: int64
             * @description With a trap or at a limit.
             */
            stopped: number;
            /**
             * Format: double
             * @description Time of all calls together, in seconds.
             */
            time_seconds: number;
            /**
             * Format: int64
             * @description That took too long.
             */
            timed_out: number;
            /**
             * Format: double
             * @description Time it waited for the host.
             */
            waiting_seconds: number;
        };
        /** @description A field of what a plugin was given: name and size, never the value. */
        CallInputView: {
            /**
             * Format: int64
             * @description Bytes of all of them together, where they have a size of their own.
             */
            bytes: number | null;
            /**
             * Format: int64
             * @description How many there were, where there can be several.
             */
            count: number | null;
            /** @description What is inside. */
            fields: components["schemas"]["CallInputView"][];
            /** @description Its name. */
            name: string;
        };
        /**
         * @description How a call of a plugin ended.
         * @enum {string}
         */
        CallOutcomeWord: "answered" | "said" | "stopped" | "nonsense" | "timed-out";
        /** @description A member of a care team. */
        CareTeamMemberView: {
            /** @description The name, where it is known. */
            name: string | null;
            /** @description The role, in the words of the source. */
            role: string | null;
        };
        /** @description A care team. */
        CareTeamView: {
            /** @description Whether it is at work. */
            active: boolean;
            /** @description Its members. */
            members: components["schemas"]["CareTeamMemberView"][];
            /** @description What it is called or is for. */
            name: string | null;
        };
        /** @description How the facts of a source are coded. */
        CodeReportView: {
            /** @description By kind of statement. */
            kinds: components["schemas"]["KindReportView"][];
            /**
             * Format: int64
             * @description Codes left out.
             */
            not_shown: number;
            /** @description Codes of facts that have no standard code, those of most facts first. One that few facts have could be a person's and is left out. */
            unmapped: components["schemas"]["UnmappedCodeView"][];
        };
        /** @description A code. */
        CodeView: {
            /** @description The code. */
            code: string;
            /** @description What the source calls it. */
            display: string | null;
            /** @description URI of the code system; empty where the source gave none. */
            system: string;
        };
        /**
         * @description How a decision reached us.
         * @enum {string}
         */
        ConsentChannelWord: "one-click" | "preference-page" | "staff" | "fhir" | "provider";
        /**
         * @description Yes or no.
         * @enum {string}
         */
        ConsentDecisionWord: "permit" | "deny";
        /** @description A decision that was told to staff. */
        ConsentInput: {
            /** @description Yes or no. */
            decision: components["schemas"]["ConsentDecisionWord"];
            /** @description A subscription list by key, or null for everything. */
            list?: string | null;
            /** @description `email`, or null for every medium. */
            medium?: string | null;
            /** @description How it was told, for the evidence; at most 500 characters. */
            note?: string | null;
            purpose?: components["schemas"]["PurposeWord"] | null;
        };
        /** @description One decision of a patient. */
        ConsentView: {
            /**
             * Format: date-time
             * @description When it was made.
             */
            at: string;
            /** @description Yes or no. */
            decision: components["schemas"]["ConsentDecisionWord"];
            /** @description Who recorded it, which message it came from, which text was shown. */
            evidence: string;
            /** @description `cns_...` */
            id: string;
            /** @description The subscription list it is about, by key; null is everything. */
            list: string | null;
            /** @description The medium it is about; null is every medium. */
            medium: string | null;
            purpose: components["schemas"]["PurposeWord"] | null;
            /** @description How it reached us. */
            through: components["schemas"]["ConsentChannelWord"];
        };
        /**
         * @description The kind of an address.
         * @enum {string}
         */
        ContactKindWord: "email" | "phone" | "sms" | "other";
        /** @description An address a person can be reached at. */
        ContactPointView: {
            /**
             * Format: date
             * @description First day of use.
             */
            from: string | null;
            /** @description The kind. */
            kind: components["schemas"]["ContactKindWord"];
            /**
             * Format: int32
             * @description The person's order of preference; 1 is first.
             */
            rank: number | null;
            /**
             * Format: date
             * @description Last day of use.
             */
            until: string | null;
            /** @description What it is used for. */
            used_for: components["schemas"]["ContactUseWord"];
            /** @description The address. */
            value: string;
        };
        /**
         * @description What an address is used for.
         * @enum {string}
         */
        ContactUseWord: "home" | "work" | "mobile" | "temp" | "old" | "unknown";
        /** @description Whether a patient can be written to. The gate decides anew at each send. */
        ContactabilityView: {
            /** @description Channels that work, for example `email`. */
            channels: string[];
            /** @description Whether there is a channel. */
            reachable: boolean;
            /** @description Why not, in words; empty when reachable. */
            reasons: string[];
        };
        /** @description Whether a patient has died, and when. */
        DeceasedView: {
            /** @description When, as exact as it is known. */
            at: string | null;
            /** @description Whether. */
            state: components["schemas"]["DeceasedWord"];
        };
        /**
         * @description Whether a patient has died.
         * @enum {string}
         */
        DeceasedWord: "no" | "yes" | "on" | "unclear";
        /** @description What was put aside. */
        DismissedView: {
            /**
             * Format: int64
             * @description How many.
             */
            dismissed: number;
        };
        /** @description The fact that counts. */
        EvidenceFact: {
            /** @description Id of the resource in its source. */
            fhir_id: string;
            /** @description What kind of statement it is. */
            kind: components["schemas"]["FactKindWord"];
            /** @description FHIR type of the resource it was read from. */
            resource_type: string;
            /** @description When, as exact as it is known. */
            start: string | null;
            /** @description What a person would call it. */
            text: string;
        };
        /** @description One reason for a membership. */
        EvidenceView: {
            fact: components["schemas"]["EvidenceFact"] | null;
            /** @description Why, in words. */
            phrase: string;
        };
        /**
         * @description The kind of a clinical statement.
         * @enum {string}
         */
        FactKindWord: "condition" | "medication" | "allergy" | "immunization" | "procedure" | "observation" | "encounter" | "order" | "coverage" | "appointment" | "care-team" | "interaction" | "subscription";
        /** @description A clinical statement. */
        FactView: {
            /** @description Its codes. */
            codes: components["schemas"]["CodeView"][];
            /** @description When it ended. */
            end: string | null;
            /** @description Id of the resource in its source. */
            fhir_id: string;
            /** @description Status, intent and category: `effective`, `active`, `ended`, `planned`, `not-done`, `in-error`, `unconfirmed`, `laboratory`... */
            flags: string[];
            /** @description What kind of statement it is. */
            kind: components["schemas"]["FactKindWord"];
            precision: components["schemas"]["PrecisionWord"] | null;
            /** @description FHIR type of the resource it was read from. */
            resource_type: string;
            /** @description When it began, was done, measured or ordered, as exact as it is known. */
            start: string | null;
            /** @description What a person would call it. */
            text: string;
            /** @description Unit of the quantity. */
            unit: string | null;
            /**
             * Format: double
             * @description A quantity.
             */
            value: number | null;
            /** @description A coded answer in words. */
            value_text: string | null;
        };
        /** @description A field that is wrong. */
        FieldProblem: {
            /** @description What was expected, and how to mend it. */
            message: string;
            /** @description JSON pointer (RFC 6901) into the body, or the name of a query parameter. */
            path: string;
        };
        /** @description A code, and value sets that have it. */
        FoundCodeView: {
            /** @description The code. */
            code: string;
            /** @description What it is called. */
            display: string | null;
            /**
             * Format: int64
             * @description How many have it.
             */
            in_value_sets: number;
            /** @description URI of the code system. */
            system: string;
            /** @description Some of the value sets that have it. */
            value_sets: components["schemas"]["ValueSetRow"][];
        };
        /** @description Calls of one function. */
        FunctionFiguresView: {
            /** @description Its calls. */
            figures: components["schemas"]["CallFiguresView"];
            /** @description The function. */
            function: components["schemas"]["PluginFunctionWord"];
        };
        /** @description A field of the golden record, and where it is from. */
        GoldenFieldView: {
            /** @description What it is about. */
            field: components["schemas"]["GoldenFieldWord"];
            /** @description What kind of it: the system of an identifier, the kind of a contact point; null elsewhere. */
            kind: string | null;
            /** @description The record that says so, `pat_...`. */
            record: string;
            /**
             * Format: date-time
             * @description When that source last changed that record.
             */
            since: string;
            /** @description Name of the source that says so. */
            source: string;
            /** @description The value as text. */
            value: string;
        };
        /**
         * @description What a field of the golden record is about.
         * @enum {string}
         */
        GoldenFieldWord: "name" | "birth" | "sex" | "deceased" | "language" | "address" | "organization" | "restricted" | "contact-point" | "identifier";
        /** @description What a call used of the host. */
        HostUseView: {
            /**
             * Format: int64
             * @description How often.
             */
            calls: number;
            /** @description Interface and function, for example `mail.relay`. */
            function: string;
            /**
             * Format: double
             * @description How long, all calls together.
             */
            time_seconds: number;
        };
        /** @description HTTP of calls. */
        HttpTrafficView: {
            /**
             * Format: int64
             * @description Bytes of the bodies of responses.
             */
            received_bytes: number;
            /**
             * Format: int64
             * @description Requests, those that were refused among them.
             */
            requests: number;
            /**
             * Format: int64
             * @description Bytes of the bodies of requests.
             */
            sent_bytes: number;
        };
        /** @description An identifier the person is known by. */
        IdentifierView: {
            /** @description URI of the issuing system; empty where the source gave none. */
            system: string;
            /** @description The value. */
            value: string;
        };
        /** @description A decision about a record and others. */
        IdentityDecisionInput: {
            /** @description Whether they are one person's. */
            decision: components["schemas"]["StaffDecisionWord"];
            /** @description The others, each of which it is, or is not, one person's with. */
            others: string[];
            /** @description Why, at most 500 characters. */
            reason: string;
            /** @description The record, `pat_...`. */
            record: string;
        };
        /** @description What staff decided about two records. */
        IdentityDecisionView: {
            /**
             * Format: date-time
             * @description When.
             */
            at: string;
            /** @description Who decided it: the name of a user, or of a part of the gateway. */
            by: string;
            /** @description Whether they are one person's. */
            decision: components["schemas"]["StaffDecisionWord"];
            /** @description One of them. */
            one: components["schemas"]["PatientRef"];
            /** @description The other. */
            other: components["schemas"]["PatientRef"];
            /** @description Why. */
            reason: string;
        };
        /** @description Something that is open about one record or two. */
        IdentityQuestionView: {
            /** @description Whether staff answers it with a decision. Otherwise it is put right in the source. */
            for_staff: boolean;
            /** @description What it is about. */
            kind: components["schemas"]["QuestionKindWord"];
            /** @description The record, or the two. */
            records: components["schemas"]["QuestionRecordView"][];
            /**
             * Format: date-time
             * @description Since when it is open.
             */
            since: string;
            /** @description The identifier system, where it is about one. */
            system: string | null;
            /** @description The same in words. */
            text: string;
        };
        /** @description A journey as a row of a list. */
        JourneyRow: {
            /** @description One sentence about it. */
            description: string;
            entry_segment: components["schemas"]["TitleRef"] | null;
            /** @description `jrn_...` */
            id: string;
            /**
             * Format: int64
             * @description People on the way.
             */
            inside: number;
            /** @description Its key. */
            key: string;
            /**
             * Format: int64
             * @description People who left.
             */
            left: number;
            /** @description The plugin that moves people. */
            plugin: string;
            /** @description Whether people enter and advance. */
            status: components["schemas"]["JourneyStatusWord"];
            /**
             * Format: int64
             * @description Runs that are stuck.
             */
            stuck: number;
            /** @description What people call it. */
            title: string;
            /**
             * Format: int32
             * @description The version new people enter.
             */
            version: number;
        };
        /** @description A new status. */
        JourneyStatusInput: {
            /** @description The status. */
            status: components["schemas"]["JourneyStatusInputWord"];
        };
        /**
         * @description What a journey can be set to.
         * @enum {string}
         */
        JourneyStatusInputWord: "live" | "paused" | "stopped";
        /**
         * @description Whether people enter and advance.
         * @enum {string}
         */
        JourneyStatusWord: "draft" | "live" | "paused" | "stopped";
        /** @description A journey in full. */
        JourneyView: components["schemas"]["JourneyRow"] & {
            /** @description People on the way, by step. */
            at_step: components["schemas"]["StepCount"][];
            /** @description Its definition, a JSON document the plugin understands. */
            definition: Record<string, never>;
            /** @description People who left, by reason. */
            left_by_reason: components["schemas"]["ReasonCount"][];
        };
        /** @description Another record by id, with its key and title. */
        KeyRef: {
            /** @description Its id. */
            id: string;
            /** @description Its key. */
            key: string;
            /** @description What people call it. */
            title: string;
        };
        /** @description The facts of a kind by how they are coded. */
        KindReportView: {
            /**
             * Format: int64
             * @description All of them.
             */
            facts: number;
            /** @description What kind of statement they are. */
            kind: components["schemas"]["FactKindWord"];
            /**
             * Format: int64
             * @description With codes, none of them of a standard system.
             */
            local: number;
            /**
             * Format: int64
             * @description With at least one code of a standard system.
             */
            standard: number;
            /**
             * Format: int64
             * @description Without any code.
             */
            uncoded: number;
        };
        /**
         * @description By what two records are one person's.
         * @enum {string}
         */
        LinkedByWord: "merge" | "identifier" | "staff";
        /**
         * @description Who is on a list that has said nothing.
         * @enum {string}
         */
        ListKindWord: "opt-in" | "opt-out";
        /** @description A piece of a long list. */
        List_AccountView: {
            /** @description The items. */
            items: {
                /** @description Whether the source says it is in use. */
                active: boolean;
                /** @description City. */
                city: string | null;
                /** @description `acc_...` */
                id: string;
                /** @description What kind of organization it is, in the words of the source. */
                kind: string | null;
                /** @description Its name. */
                name: string;
                /**
                 * Format: int64
                 * @description Patients whose managing organization it is.
                 */
                patients: number;
                /** @description Name of the source. */
                source: string;
                /** @description State. */
                state: string | null;
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_ApiTokenView: {
            /** @description The items. */
            items: {
                /**
                 * Format: date-time
                 * @description When it was made.
                 */
                created_at: string;
                /**
                 * Format: date-time
                 * @description When it ends.
                 */
                expires_at: string | null;
                /** @description `tok_...` */
                id: string;
                /** @description What it is for. */
                name: string;
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_AuditView: {
            /** @description The items. */
            items: {
                /** @description What. */
                action: components["schemas"]["AuditActionWord"];
                /** @description Who. */
                actor: components["schemas"]["ActorView"];
                /** @description Whether it was allowed. */
                allowed: boolean;
                /**
                 * Format: date-time
                 * @description When.
                 */
                at: string;
                /** @description More about it: ids and counts only. */
                detail: string;
                /** @description `aud_...` */
                id: string;
                /** @description What it was done to: a noun, or a route template. */
                object: string;
                /** @description The patient whose data it was, by id. */
                patient: string | null;
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_ConsentView: {
            /** @description The items. */
            items: {
                /**
                 * Format: date-time
                 * @description When it was made.
                 */
                at: string;
                /** @description Yes or no. */
                decision: components["schemas"]["ConsentDecisionWord"];
                /** @description Who recorded it, which message it came from, which text was shown. */
                evidence: string;
                /** @description `cns_...` */
                id: string;
                /** @description The subscription list it is about, by key; null is everything. */
                list: string | null;
                /** @description The medium it is about; null is every medium. */
                medium: string | null;
                purpose: components["schemas"]["PurposeWord"] | null;
                /** @description How it reached us. */
                through: components["schemas"]["ConsentChannelWord"];
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_FactView: {
            /** @description The items. */
            items: {
                /** @description Its codes. */
                codes: components["schemas"]["CodeView"][];
                /** @description When it ended. */
                end: string | null;
                /** @description Id of the resource in its source. */
                fhir_id: string;
                /** @description Status, intent and category: `effective`, `active`, `ended`, `planned`, `not-done`, `in-error`, `unconfirmed`, `laboratory`... */
                flags: string[];
                /** @description What kind of statement it is. */
                kind: components["schemas"]["FactKindWord"];
                precision: components["schemas"]["PrecisionWord"] | null;
                /** @description FHIR type of the resource it was read from. */
                resource_type: string;
                /** @description When it began, was done, measured or ordered, as exact as it is known. */
                start: string | null;
                /** @description What a person would call it. */
                text: string;
                /** @description Unit of the quantity. */
                unit: string | null;
                /**
                 * Format: double
                 * @description A quantity.
                 */
                value: number | null;
                /** @description A coded answer in words. */
                value_text: string | null;
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_FoundCodeView: {
            /** @description The items. */
            items: {
                /** @description The code. */
                code: string;
                /** @description What it is called. */
                display: string | null;
                /**
                 * Format: int64
                 * @description How many have it.
                 */
                in_value_sets: number;
                /** @description URI of the code system. */
                system: string;
                /** @description Some of the value sets that have it. */
                value_sets: components["schemas"]["ValueSetRow"][];
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_IdentityDecisionView: {
            /** @description The items. */
            items: {
                /**
                 * Format: date-time
                 * @description When.
                 */
                at: string;
                /** @description Who decided it: the name of a user, or of a part of the gateway. */
                by: string;
                /** @description Whether they are one person's. */
                decision: components["schemas"]["StaffDecisionWord"];
                /** @description One of them. */
                one: components["schemas"]["PatientRef"];
                /** @description The other. */
                other: components["schemas"]["PatientRef"];
                /** @description Why. */
                reason: string;
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_IdentityQuestionView: {
            /** @description The items. */
            items: {
                /** @description Whether staff answers it with a decision. Otherwise it is put right in the source. */
                for_staff: boolean;
                /** @description What it is about. */
                kind: components["schemas"]["QuestionKindWord"];
                /** @description The record, or the two. */
                records: components["schemas"]["QuestionRecordView"][];
                /**
                 * Format: date-time
                 * @description Since when it is open.
                 */
                since: string;
                /** @description The identifier system, where it is about one. */
                system: string | null;
                /** @description The same in words. */
                text: string;
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_JourneyRow: {
            /** @description The items. */
            items: {
                /** @description One sentence about it. */
                description: string;
                entry_segment: components["schemas"]["TitleRef"] | null;
                /** @description `jrn_...` */
                id: string;
                /**
                 * Format: int64
                 * @description People on the way.
                 */
                inside: number;
                /** @description Its key. */
                key: string;
                /**
                 * Format: int64
                 * @description People who left.
                 */
                left: number;
                /** @description The plugin that moves people. */
                plugin: string;
                /** @description Whether people enter and advance. */
                status: components["schemas"]["JourneyStatusWord"];
                /**
                 * Format: int64
                 * @description Runs that are stuck.
                 */
                stuck: number;
                /** @description What people call it. */
                title: string;
                /**
                 * Format: int32
                 * @description The version new people enter.
                 */
                version: number;
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_MemberView: {
            /** @description The items. */
            items: {
                /** @description Why. */
                evidence: components["schemas"]["EvidenceView"][];
                /** @description Who. */
                patient: components["schemas"]["PatientRef"];
                /**
                 * Format: date
                 * @description The next day on which the answer can change without new data.
                 */
                review_on: string | null;
                /**
                 * Format: date-time
                 * @description Since when.
                 */
                since: string;
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_MembershipView: {
            /** @description The items. */
            items: {
                /** @description Why. */
                evidence: components["schemas"]["EvidenceView"][];
                /**
                 * Format: date
                 * @description The next day on which the answer can change without new data.
                 */
                review_on: string | null;
                /** @description The segment. */
                segment: components["schemas"]["KeyRef"];
                /**
                 * Format: date-time
                 * @description Since when.
                 */
                since: string;
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_MessageTemplateView: {
            /** @description The items. */
            items: {
                /**
                 * Format: date-time
                 * @description When this version was made.
                 */
                created_at: string;
                /** @description Its document: JSON blocks, one variant for each language. */
                document: Record<string, never>;
                /** @description `tpl_...` */
                id: string;
                /** @description Its key. */
                key: string;
                /** @description The subscription list it belongs to, by key. */
                list: string | null;
                /** @description What messages made from it are for. */
                purpose: components["schemas"]["PurposeWord"];
                /** @description What people call it. */
                title: string;
                /**
                 * Format: int32
                 * @description Counted from 1.
                 */
                version: number;
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_MessageView: {
            /** @description The items. */
            items: {
                /**
                 * Format: date-time
                 * @description When it was proposed.
                 */
                created_at: string;
                /**
                 * Format: date-time
                 * @description Not before this.
                 */
                due_at: string;
                /**
                 * Format: date-time
                 * @description Not after this.
                 */
                expires_at: string | null;
                /** @description `msg_...` */
                id: string;
                /** @description The journey that proposed it. */
                journey: components["schemas"]["TitleRef"];
                /** @description Language it was rendered in. */
                language: string | null;
                /** @description The medium, for example `email`. */
                medium: string;
                /** @description The person. */
                patient: components["schemas"]["PatientRef"];
                /** @description What it is for. */
                purpose: components["schemas"]["PurposeWord"];
                /** @description Why it is held, refused, rejected, unknown or expired. */
                reason: string | null;
                /** @description The reason in a sentence. */
                reason_text: string | null;
                /**
                 * Format: date-time
                 * @description When the provider took it.
                 */
                sent_at: string | null;
                /** @description Where it is on its way. */
                status: components["schemas"]["MessageStatusWord"];
                /** @description The step that proposed it. */
                step: string;
                /** @description Subject line as sent. */
                subject: string | null;
                /** @description Key of the message template. */
                template: string;
                /**
                 * Format: int32
                 * @description Handed over how many times.
                 */
                tries: number;
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_NeedsView: {
            /** @description The items. */
            items: {
                /** @description Its key. */
                key: string;
                /** @description What it is. */
                kind: components["schemas"]["NeedsKind"];
                /**
                 * Format: int64
                 * @description How many of its value sets are missing. With any it has no members.
                 */
                missing: number;
                /**
                 * Format: int64
                 * @description How many are starter sets alone. With any it finds a part of the people.
                 */
                starter: number;
                /** @description What people call it. */
                title: string;
                /** @description The value sets. */
                value_sets: components["schemas"]["NeededValueSetView"][];
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_PatientRow: {
            /** @description The items. */
            items: {
                /**
                 * Format: int32
                 * @description Whole years; where the birth date is vague, the least the person can be.
                 */
                age: number | null;
                /** @description As exact as it is known: `1980`, `1980-02` or `1980-02-29`. */
                birth_date: string | null;
                /** @description Whether the patient can be written to. */
                contactability: components["schemas"]["ContactabilityView"];
                /** @description Id of the FHIR resource in its source. */
                fhir_id: string;
                /** @description `pat_...` */
                id: string;
                /** @description Preferred language (BCP 47). */
                language: string | null;
                /** @description First given name and family name. */
                name: string;
                /** @description Administrative sex. */
                sex: components["schemas"]["SexWord"];
                /** @description Name of the source. */
                source: string;
                /** @description How the record stands in its source. */
                status: components["schemas"]["RecordStatusWord"];
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_PatientRunView: {
            /** @description The items. */
            items: {
                /** @description The step the patient is at. */
                at_step: string;
                /**
                 * Format: date-time
                 * @description When the patient entered.
                 */
                entered_at: string;
                /** @description `run_...` */
                id: string;
                /** @description The journey. */
                journey: components["schemas"]["KeyRef"];
                /** @description Why the patient left, or why the run is stuck. */
                reason: string | null;
                /** @description Whether the patient is still on the way. */
                status: components["schemas"]["RunStatusWord"];
                /**
                 * Format: date-time
                 * @description When something last happened.
                 */
                updated_at: string;
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_PluginCallView: {
            /** @description The items. */
            items: {
                /** @description When it began. */
                at: string;
                /**
                 * Format: double
                 * @description Of that, what the plugin computed.
                 */
                computing_seconds: number;
                /**
                 * Format: int64
                 * @description Units of fuel, about one for each instruction.
                 */
                fuel: number;
                /** @description What the plugin was called for. */
                function: components["schemas"]["PluginFunctionWord"];
                /** @description What it used of the host. */
                host: components["schemas"]["HostUseView"][];
                /** @description Its HTTP. */
                http: components["schemas"]["HttpTrafficView"];
                /** @description What it was given, by name and size. */
                inputs: components["schemas"]["CallInputView"][];
                /**
                 * Format: int64
                 * @description The most bytes of memory it held.
                 */
                memory_bytes: number;
                /**
                 * Format: int64
                 * @description The number of the call among the plugin's calls, from 1.
                 */
                number: number;
                /** @description How it ended. */
                outcome: components["schemas"]["CallOutcomeWord"];
                /**
                 * Format: double
                 * @description The wait for a free place before it began, and while it ran for its turns to compute.
                 */
                queueing_seconds: number;
                /** @description Why there is no answer, in the gateway's words. */
                reason: string | null;
                /**
                 * Format: double
                 * @description From its begin to its end, in seconds.
                 */
                time_seconds: number;
                /** @description The version of the plugin that was called. */
                version: string;
                /**
                 * Format: double
                 * @description Of that, what it waited for the host.
                 */
                waiting_seconds: number;
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_PluginView: {
            /** @description The items. */
            items: {
                /**
                 * @description What its manifest asks for: `log`, `lookup`, `mail`, `patient:` with a field of the person, `facts:` or
                 *     `lookup:` with a kind of clinical statement.
                 */
                asks: string[];
                /** @description Whether it came with the gateway. */
                bundled: boolean;
                /**
                 * Format: int64
                 * @description Calls since the gateway started.
                 */
                calls: number;
                /** @description One sentence about it. */
                description: string;
                /** @description SHA-256 of the component, in hexadecimal digits. */
                digest: string;
                /**
                 * Format: int64
                 * @description Calls that failed since the gateway started.
                 */
                failures: number;
                /** @description What the operator granted. */
                granted: string[];
                /** @description What it decides. */
                kind: components["schemas"]["PluginKindWord"];
                /** @description The last thing that went wrong. */
                last_error: string | null;
                /** @description Its name. */
                name: string;
                /** @description Whether it takes work. */
                status: components["schemas"]["PluginStatusWord"];
                /** @description Its version (SemVer). */
                version: string;
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_QuarantineReason: {
            /** @description The items. */
            items: {
                /**
                 * Format: int64
                 * @description How many.
                 */
                count: number;
                /** @description The reason without columns and lines. */
                reason: string;
                /** @description Name of the source. */
                source: string;
                /** @description How it stands. */
                status: components["schemas"]["QuarantineStatusWord"];
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_QuarantineRow: {
            /** @description The items. */
            items: {
                /**
                 * Format: date-time
                 * @description When it was met last.
                 */
                at: string;
                /** @description FHIR id, where it could be told. */
                fhir_id: string | null;
                /** @description `qua_...` */
                id: string;
                /**
                 * Format: int64
                 * @description Line within its file, counted from 1.
                 */
                line: number | null;
                /** @description Why. */
                reason: string;
                /**
                 * Format: date-time
                 * @description When it stopped being open.
                 */
                resolved_at: string | null;
                /** @description FHIR type, where it could be told. */
                resource_type: string | null;
                /** @description Name of the source. */
                source: string;
                /** @description How it stands. */
                status: components["schemas"]["QuarantineStatusWord"];
                /**
                 * Format: int32
                 * @description How often it was read again in vain.
                 */
                tries: number;
                /** @description Whether all of it was kept, so that it can be read again. */
                whole: boolean;
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_RunView: {
            /** @description The items. */
            items: {
                /** @description The step the person is at. */
                at_step: string;
                /**
                 * Format: date-time
                 * @description When the person entered.
                 */
                entered_at: string;
                /** @description `run_...` */
                id: string;
                /** @description The person. */
                patient: components["schemas"]["PatientRef"];
                /** @description Why the person left, or why the run is stuck. */
                reason: string | null;
                /** @description Whether the person is still on the way. */
                status: components["schemas"]["RunStatusWord"];
                /**
                 * Format: date-time
                 * @description When something last happened.
                 */
                updated_at: string;
                /**
                 * Format: int32
                 * @description The version the person entered.
                 */
                version: number;
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_SegmentRow: {
            /** @description The items. */
            items: {
                /** @description Whether people are evaluated. */
                active: boolean;
                /**
                 * Format: date-time
                 * @description When a membership last changed.
                 */
                changed_at: string | null;
                /** @description One sentence about it. */
                description: string;
                /** @description `seg_...` */
                id: string;
                /** @description Its key. */
                key: string;
                /**
                 * Format: int64
                 * @description Members now.
                 */
                members: number;
                /** @description The plugin that decides. */
                plugin: string;
                /** @description What people call it. */
                title: string;
                /**
                 * Format: int32
                 * @description Counted from 1.
                 */
                version: number;
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_SourceView: {
            /** @description The items. */
            items: {
                /** @description Its FHIR base URL; empty where its data comes as files alone. */
                base_url: string;
                /**
                 * Format: date-time
                 * @description Everything up to this moment has been read, by the server's clock.
                 */
                complete_until: string | null;
                /** @description `src_...` */
                id: string;
                last_run: components["schemas"]["SyncRunView"] | null;
                /** @description Its name in the configuration. */
                name: string;
                /** @description How it tells of changes by itself; empty where it is polled alone. */
                push: components["schemas"]["PushSubscriptionView"][];
                /**
                 * Format: int64
                 * @description Lines and resources that could not be read, and are open.
                 */
                quarantined: number;
                /** @description Resources by type. */
                resources: components["schemas"]["ResourceCount"][];
                /**
                 * Format: date-time
                 * @description When the last complete run ended.
                 */
                synced_at: string | null;
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_SubscriptionListView: {
            /** @description The items. */
            items: {
                /**
                 * Format: date-time
                 * @description When it was made.
                 */
                created_at: string;
                /** @description One sentence about it. */
                description: string;
                /** @description `lst_...` */
                id: string;
                /** @description Its key. */
                key: string;
                /** @description Who is on it that has said nothing. */
                kind: components["schemas"]["ListKindWord"];
                /** @description What people call it. */
                title: string;
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_SyncRunView: {
            /** @description The items. */
            items: {
                /** @description What it did so far. */
                counts: components["schemas"]["SyncCountsView"];
                /**
                 * Format: date-time
                 * @description When it ended.
                 */
                ended_at: string | null;
                /** @description `syn_...` */
                id: string;
                /** @description Why it failed, or what the server warned of. */
                note: string | null;
                /**
                 * Format: date-time
                 * @description When it began.
                 */
                started_at: string;
                /** @description How it stands. */
                status: components["schemas"]["SyncRunStatusWord"];
                /** @description How it reads. */
                strategy: components["schemas"]["SyncStrategyWord"];
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_TaskView: {
            /** @description The items. */
            items: {
                assigned_role: components["schemas"]["RoleWord"] | null;
                assigned_user: components["schemas"]["TitleRef"] | null;
                /**
                 * Format: date-time
                 * @description When it was made.
                 */
                created_at: string;
                /**
                 * Format: date
                 * @description Until when.
                 */
                due_on: string | null;
                /**
                 * Format: date-time
                 * @description When it ended.
                 */
                ended_at: string | null;
                /** @description Who said that it ended. */
                ended_by: string | null;
                /** @description `tsk_...` */
                id: string;
                journey: components["schemas"]["TitleRef"] | null;
                /** @description What is to be done. */
                kind: components["schemas"]["TaskKindWord"];
                /** @description Who put it down, where staff did. */
                made_by: string | null;
                /** @description The message that could not be delivered, by id. */
                message: string | null;
                /** @description More in words, from the journey's definition or from staff. */
                note: string | null;
                /** @description Where it comes from: `staff`, `journey` or `undeliverable`. */
                origin: string;
                /** @description The person, by the record that is written to. */
                patient: components["schemas"]["PatientRef"];
                /** @description Whether it is still to be done. */
                status: components["schemas"]["TaskStatusWord"];
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_TimelineEntry: {
            /** @description The items. */
            items: {
                /**
                 * Format: date-time
                 * @description When.
                 */
                at: string;
                /** @description More about it. */
                detail: string | null;
                /**
                 * @description `segment-joined`, `segment-left`, `journey-entered`, `journey-left`, `message-` and its status, `clicked`, `opted-out`,
                 *     `bounced`, `consent`, `task-` and its status, or `fact`.
                 */
                kind: string;
                /** @description What it is about: an id of the gateway, or `Type/id` of a FHIR resource. */
                reference: string | null;
                /** @description What happened, in a few words. */
                title: string;
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_UserView: {
            /** @description The items. */
            items: {
                /**
                 * Format: date-time
                 * @description When it was made.
                 */
                created_at: string;
                /** @description Whether the user is shut out. */
                disabled: boolean;
                /** @description What the user signs in with. */
                email: string;
                /** @description `usr_...` */
                id: string;
                /** @description What people call the user. */
                name: string;
                /** @description What the user is. */
                role: components["schemas"]["RoleWord"];
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_ValueSetCodeView: {
            /** @description The items. */
            items: {
                /** @description The code. */
                code: string;
                /** @description What it is called. */
                display: string | null;
                /** @description URI of the code system. */
                system: string;
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_ValueSetRow: {
            /** @description The items. */
            items: {
                /**
                 * Format: int64
                 * @description How many codes it has.
                 */
                codes: number;
                /**
                 * Format: date-time
                 * @description When it was imported.
                 */
                imported_at: string | null;
                /** @description OID, where it has one. */
                oid: string | null;
                /** @description Where it is from. */
                origin: components["schemas"]["ValueSetOriginWord"];
                /** @description What people call it. */
                title: string;
                /** @description Canonical URL, by which criteria name it. */
                url: string;
                /** @description Its version, where its publisher gives one. */
                version: string | null;
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A piece of a long list. */
        List_WriteBackView: {
            /** @description The items. */
            items: {
                /** @description What kind of record it becomes. */
                kind: components["schemas"]["WriteBackKindWord"];
                /**
                 * Format: date-time
                 * @description When it is tried next, while it waits.
                 */
                next_try_at: string | null;
                /** @description What is written: the id of a message (`msg_...`), a decision (`cns_...`) or a task (`tsk_...`). */
                object: string;
                /** @description Why it waits or was given up, or what was found at the source. */
                reason: string | null;
                /** @description The record's FHIR id at the source. */
                remote_id: string | null;
                /** @description The record's version at the source. */
                remote_version: string | null;
                /** @description The source it is written to. */
                source: components["schemas"]["TitleRef"];
                /** @description How it stands. */
                status: components["schemas"]["WriteBackStatusWord"];
                /**
                 * Format: int32
                 * @description Tries since it last began to wait.
                 */
                tries: number;
                /**
                 * Format: date-time
                 * @description When something last happened to it.
                 */
                updated_at: string;
            }[];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A member of a segment. */
        MemberView: {
            /** @description Why. */
            evidence: components["schemas"]["EvidenceView"][];
            /** @description Who. */
            patient: components["schemas"]["PatientRef"];
            /**
             * Format: date
             * @description The next day on which the answer can change without new data.
             */
            review_on: string | null;
            /**
             * Format: date-time
             * @description Since when.
             */
            since: string;
        };
        /** @description A patient's membership of a segment. */
        MembershipView: {
            /** @description Why. */
            evidence: components["schemas"]["EvidenceView"][];
            /**
             * Format: date
             * @description The next day on which the answer can change without new data.
             */
            review_on: string | null;
            /** @description The segment. */
            segment: components["schemas"]["KeyRef"];
            /**
             * Format: date-time
             * @description Since when.
             */
            since: string;
        };
        /**
         * @description Where a message is on its way.
         * @enum {string}
         */
        MessageStatusWord: "due" | "refused" | "in-flight" | "accepted" | "rejected" | "unknown" | "expired" | "cancelled";
        /** @description A message template. */
        MessageTemplateView: {
            /**
             * Format: date-time
             * @description When this version was made.
             */
            created_at: string;
            /** @description Its document: JSON blocks, one variant for each language. */
            document: Record<string, never>;
            /** @description `tpl_...` */
            id: string;
            /** @description Its key. */
            key: string;
            /** @description The subscription list it belongs to, by key. */
            list: string | null;
            /** @description What messages made from it are for. */
            purpose: components["schemas"]["PurposeWord"];
            /** @description What people call it. */
            title: string;
            /**
             * Format: int32
             * @description Counted from 1.
             */
            version: number;
        };
        /** @description A message of the ledger. */
        MessageView: {
            /**
             * Format: date-time
             * @description When it was proposed.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description Not before this.
             */
            due_at: string;
            /**
             * Format: date-time
             * @description Not after this.
             */
            expires_at: string | null;
            /** @description `msg_...` */
            id: string;
            /** @description The journey that proposed it. */
            journey: components["schemas"]["TitleRef"];
            /** @description Language it was rendered in. */
            language: string | null;
            /** @description The medium, for example `email`. */
            medium: string;
            /** @description The person. */
            patient: components["schemas"]["PatientRef"];
            /** @description What it is for. */
            purpose: components["schemas"]["PurposeWord"];
            /** @description Why it is held, refused, rejected, unknown or expired. */
            reason: string | null;
            /** @description The reason in a sentence. */
            reason_text: string | null;
            /**
             * Format: date-time
             * @description When the provider took it.
             */
            sent_at: string | null;
            /** @description Where it is on its way. */
            status: components["schemas"]["MessageStatusWord"];
            /** @description The step that proposed it. */
            step: string;
            /** @description Subject line as sent. */
            subject: string | null;
            /** @description Key of the message template. */
            template: string;
            /**
             * Format: int32
             * @description Handed over how many times.
             */
            tries: number;
        };
        /** @description A value set that somebody names. */
        NeededValueSetView: {
            found: components["schemas"]["ValueSetRow"] | null;
            /** @description As it is named. */
            name: string;
            /** @description Why it is missing, and what to do. */
            reason: string | null;
            /** @description What there is of it. */
            standing: components["schemas"]["StandingWord"];
            /** @description What whoever names it calls it. */
            title: string | null;
        };
        /**
         * @description What names value sets.
         * @enum {string}
         */
        NeedsKind: "measure" | "segment";
        /** @description The value sets that a measure or a segment names. */
        NeedsView: {
            /** @description Its key. */
            key: string;
            /** @description What it is. */
            kind: components["schemas"]["NeedsKind"];
            /**
             * Format: int64
             * @description How many of its value sets are missing. With any it has no members.
             */
            missing: number;
            /**
             * Format: int64
             * @description How many are starter sets alone. With any it finds a part of the people.
             */
            starter: number;
            /** @description What people call it. */
            title: string;
            /** @description The value sets. */
            value_sets: components["schemas"]["NeededValueSetView"][];
        };
        /** @description A new key, with its secret. */
        NewApiToken: {
            /** @description `tok_...` */
            id: string;
            /** @description The key itself, shown once. */
            token: string;
        };
        /** @description Counts for the start page; null where the role may not see what is counted. */
        Overview: {
            /**
             * Format: int64
             * @description Live journeys.
             */
            journeys_live: number | null;
            /** @description Messages by status. */
            messages: components["schemas"]["StatusCount"][] | null;
            /**
             * Format: int64
             * @description Patients.
             */
            patients: number | null;
            /**
             * Format: int64
             * @description Active segments.
             */
            segments: number | null;
            /** @description Sources. */
            sources: components["schemas"]["SourceFreshness"][] | null;
        };
        /** @description A patient by id, with the words a list shows. */
        PatientRef: {
            /** @description `pat_...` */
            id: string;
            /** @description First given name and family name. */
            name: string;
        };
        /** @description A patient as a row of a list. */
        PatientRow: {
            /**
             * Format: int32
             * @description Whole years; where the birth date is vague, the least the person can be.
             */
            age: number | null;
            /** @description As exact as it is known: `1980`, `1980-02` or `1980-02-29`. */
            birth_date: string | null;
            /** @description Whether the patient can be written to. */
            contactability: components["schemas"]["ContactabilityView"];
            /** @description Id of the FHIR resource in its source. */
            fhir_id: string;
            /** @description `pat_...` */
            id: string;
            /** @description Preferred language (BCP 47). */
            language: string | null;
            /** @description First given name and family name. */
            name: string;
            /** @description Administrative sex. */
            sex: components["schemas"]["SexWord"];
            /** @description Name of the source. */
            source: string;
            /** @description How the record stands in its source. */
            status: components["schemas"]["RecordStatusWord"];
        };
        /** @description A patient's way through one journey. */
        PatientRunView: {
            /** @description The step the patient is at. */
            at_step: string;
            /**
             * Format: date-time
             * @description When the patient entered.
             */
            entered_at: string;
            /** @description `run_...` */
            id: string;
            /** @description The journey. */
            journey: components["schemas"]["KeyRef"];
            /** @description Why the patient left, or why the run is stuck. */
            reason: string | null;
            /** @description Whether the patient is still on the way. */
            status: components["schemas"]["RunStatusWord"];
            /**
             * Format: date-time
             * @description When something last happened.
             */
            updated_at: string;
        };
        /** @description A patient in full. */
        PatientView: components["schemas"]["PatientRow"] & {
            address: components["schemas"]["AddressView"] | null;
            /** @description Care teams. */
            care_teams: components["schemas"]["CareTeamView"][];
            /** @description How the person can be reached, in the order of the source. */
            contact_points: components["schemas"]["ContactPointView"][];
            /** @description What in the record could not be read, in words without values. */
            data_quality: string[];
            /** @description Whether the person has died. */
            deceased: components["schemas"]["DeceasedView"];
            /** @description Family name. */
            family: string | null;
            /** @description Names of general practitioners, where the gateway has them. */
            general_practitioners: string[];
            /** @description Given names, first first. */
            given: string[];
            /** @description Identifiers. */
            identifiers: components["schemas"]["IdentifierView"][];
            managing_account: components["schemas"]["AccountRef"] | null;
            /** @description The record this one was merged into: its id where the gateway has it, its FHIR id elsewhere. */
            replaced_by: string | null;
            /** @description IANA time zone of the person's home, where the address tells it. */
            time_zone: string | null;
            /**
             * Format: date-time
             * @description When the gateway last applied a change of this record or its facts.
             */
            updated_at: string;
        };
        /**
         * @description What a role may do.
         * @enum {string}
         */
        PermissionWord: "read-patients" | "read-segments" | "manage-segments" | "read-journeys" | "manage-journeys" | "read-messages" | "record-consent" | "read-tasks" | "work-on-tasks" | "decide-identity" | "read-sources" | "manage-sources" | "read-plugins" | "manage-users" | "read-audit";
        /** @description A record of a person. */
        PersonRecordView: {
            /** @description As exact as it is known. */
            birth_date: string | null;
            /** @description The records it can be parted from: all but those its source merged with it. */
            can_be_parted_from: string[];
            /** @description Id of the FHIR resource in its source. */
            fhir_id: string;
            /** @description `pat_...` */
            id: string;
            /** @description First given name and family name. */
            name: string;
            /** @description Whether it is the record by which the person is written to. */
            primary: boolean;
            /** @description Whether another record of its source stands in its place. */
            replaced: boolean;
            /**
             * Format: date-time
             * @description When its source last changed it.
             */
            said_at: string;
            /** @description Administrative sex. */
            sex: components["schemas"]["SexWord"];
            /** @description Name of the source. */
            source: string;
            /** @description How the record stands in its source. */
            status: components["schemas"]["RecordStatusWord"];
        };
        /** @description A person. */
        PersonView: {
            /** @description What staff decided about any of them, the newest first. */
            decisions: components["schemas"]["IdentityDecisionView"][];
            /** @description What all records come to, each field with where it is from. */
            golden: components["schemas"]["GoldenFieldView"][];
            /** @description Why they are one. */
            links: components["schemas"]["RecordLinkView"][];
            /** @description The record by which the person is written to; null where none may be. */
            primary: string | null;
            /** @description What is open about any of them. */
            questions: components["schemas"]["IdentityQuestionView"][];
            /** @description All records, the one whose word counts first at the top. */
            records: components["schemas"]["PersonRecordView"][];
            /** @description Why none may be, in words, where that is the fault of the links. */
            trouble: string | null;
        };
        /** @description The trace of one call of a plugin. */
        PluginCallView: {
            /** @description When it began. */
            at: string;
            /**
             * Format: double
             * @description Of that, what the plugin computed.
             */
            computing_seconds: number;
            /**
             * Format: int64
             * @description Units of fuel, about one for each instruction.
             */
            fuel: number;
            /** @description What the plugin was called for. */
            function: components["schemas"]["PluginFunctionWord"];
            /** @description What it used of the host. */
            host: components["schemas"]["HostUseView"][];
            /** @description Its HTTP. */
            http: components["schemas"]["HttpTrafficView"];
            /** @description What it was given, by name and size. */
            inputs: components["schemas"]["CallInputView"][];
            /**
             * Format: int64
             * @description The most bytes of memory it held.
             */
            memory_bytes: number;
            /**
             * Format: int64
             * @description The number of the call among the plugin's calls, from 1.
             */
            number: number;
            /** @description How it ended. */
            outcome: components["schemas"]["CallOutcomeWord"];
            /**
             * Format: double
             * @description The wait for a free place before it began, and while it ran for its turns to compute.
             */
            queueing_seconds: number;
            /** @description Why there is no answer, in the gateway's words. */
            reason: string | null;
            /**
             * Format: double
             * @description From its begin to its end, in seconds.
             */
            time_seconds: number;
            /** @description The version of the plugin that was called. */
            version: string;
            /**
             * Format: double
             * @description Of that, what it waited for the host.
             */
            waiting_seconds: number;
        };
        /**
         * @description What a plugin is called for.
         * @enum {string}
         */
        PluginFunctionWord: "start" | "check" | "describe" | "evaluate" | "advance" | "send" | "receive";
        /**
         * @description What a plugin decides.
         * @enum {string}
         */
        PluginKindWord: "segment" | "journey" | "channel";
        /** @description A plugin, and what it did. */
        PluginRecord: components["schemas"]["PluginView"] & {
            /** @description Its last calls without an answer, the newest first. */
            errors: components["schemas"]["CallErrorView"][];
            /** @description Its calls by function. */
            functions: components["schemas"]["FunctionFiguresView"][];
            /** @description Since when its calls are counted: since it was first installed or the gateway started, all its versions together. */
            since: string;
            /** @description All its calls. */
            total: components["schemas"]["CallFiguresView"];
        };
        /**
         * @description Whether a plugin takes work.
         * @enum {string}
         */
        PluginStatusWord: "active" | "parked";
        /** @description A plugin. */
        PluginView: {
            /**
             * @description What its manifest asks for: `log`, `lookup`, `mail`, `patient:` with a field of the person, `facts:` or
             *     `lookup:` with a kind of clinical statement.
             */
            asks: string[];
            /** @description Whether it came with the gateway. */
            bundled: boolean;
            /**
             * Format: int64
             * @description Calls since the gateway started.
             */
            calls: number;
            /** @description One sentence about it. */
            description: string;
            /** @description SHA-256 of the component, in hexadecimal digits. */
            digest: string;
            /**
             * Format: int64
             * @description Calls that failed since the gateway started.
             */
            failures: number;
            /** @description What the operator granted. */
            granted: string[];
            /** @description What it decides. */
            kind: components["schemas"]["PluginKindWord"];
            /** @description The last thing that went wrong. */
            last_error: string | null;
            /** @description Its name. */
            name: string;
            /** @description Whether it takes work. */
            status: components["schemas"]["PluginStatusWord"];
            /** @description Its version (SemVer). */
            version: string;
        };
        /** @description How many people are in each population of a group. */
        PopulationsView: {
            /**
             * Format: int64
             * @description Denominator.
             */
            denominator: number;
            /**
             * Format: int64
             * @description Denominator exception.
             */
            denominator_exception: number;
            /**
             * Format: int64
             * @description Denominator exclusion.
             */
            denominator_exclusion: number;
            /**
             * Format: int64
             * @description Initial population.
             */
            initial_population: number;
            /**
             * Format: int64
             * @description Numerator.
             */
            numerator: number;
        };
        /**
         * @description How exact a date is.
         * @enum {string}
         */
        PrecisionWord: "year" | "month" | "day" | "instant";
        /** @description A definition to be tried. */
        PreviewRequest: {
            /**
             * Format: date
             * @description The day for which is asked; today without it.
             */
            as_of: string | null;
            /** @description The definition, a JSON document the plugin understands. */
            definition: Record<string, never>;
            /** @description `seg_...`: the segment whose definition it would take the place of. */
            instead_of: string | null;
            /** @description The plugin that decides; without it the one for the definition: `segment-measures` for one with `groups`, else `segment-rules`. */
            plugin: string | null;
        };
        /** @description What a definition would decide. Nothing was changed. */
        PreviewView: {
            /** @description The populations of each group; of a segment without populations all are 0. */
            groups: components["schemas"]["PopulationsView"][];
            /** @description Whether that was everybody; where it was not, time ran out. */
            is_complete: boolean;
            /**
             * Format: int64
             * @description How many would join.
             */
            joining: number;
            /**
             * Format: int64
             * @description How many would leave.
             */
            leaving: number;
            /**
             * Format: int64
             * @description How many people were looked at.
             */
            looked_at: number;
            /**
             * Format: int64
             * @description How many of them would be members.
             */
            members: number;
            /** @description Some of those who would join. */
            some_joining: components["schemas"]["PatientRef"][];
            /** @description Some of those who would leave. */
            some_leaving: components["schemas"]["PatientRef"][];
            /** @description Some of those who would be members. */
            some_members: components["schemas"]["PatientRef"][];
        };
        /** @description What went wrong (RFC 9457). */
        Problem: {
            /** @description What went wrong this time. */
            detail: string;
            /** @description Fields that are wrong. */
            errors: components["schemas"]["FieldProblem"][];
            /** @description The id of the request, for asking about it; also in `x-request-id` and in the log. */
            request_id: string | null;
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description What the kind is called. */
            title: string;
            /** @description A URI that names the kind of problem. */
            type: string;
        };
        /**
         * @description What a message is for.
         * @enum {string}
         */
        PurposeWord: "treatment" | "operations" | "marketing";
        /**
         * @description How a source tells of changes.
         * @enum {string}
         */
        PushKindWord: "rest-hook" | "topic";
        /**
         * @description Whether a source tells of changes.
         * @enum {string}
         */
        PushStatusWord: "requested" | "active" | "error";
        /** @description A subscription of ours on a source. Beside what it brings, the source is polled as ever. */
        PushSubscriptionView: {
            /** @description The search or the topic. */
            criteria: string;
            /**
             * Format: int64
             * @description How often events were missing between two that came; they were fetched or polled.
             */
            gaps: number;
            /**
             * Format: date-time
             * @description When the source last said anything, heartbeats included.
             */
            heard_at: string | null;
            /** @description `psh_...` */
            id: string;
            /** @description How the source tells. */
            kind: components["schemas"]["PushKindWord"];
            /**
             * Format: int64
             * @description The last event that was counted, where the source numbers them.
             */
            last_event: number | null;
            /**
             * Format: int64
             * @description Notifications that came, heartbeats left out.
             */
            notifications: number;
            /** @description Why the source does not tell, where it does not. */
            problem: string | null;
            /** @description How it stands. */
            status: components["schemas"]["PushStatusWord"];
        };
        /** @description What of a source's quarantine is meant: everything that is open, or that of one reason, or one line. */
        QuarantineChoice: {
            /** @description This one, `qua_...`. */
            id: string | null;
            /** @description Because of this, as the counts by reason say it. */
            reason: string | null;
            /** @description The source, by id or name. */
            source: string;
        };
        /** @description How much of the quarantine has one reason. */
        QuarantineReason: {
            /**
             * Format: int64
             * @description How many.
             */
            count: number;
            /** @description The reason without columns and lines. */
            reason: string;
            /** @description Name of the source. */
            source: string;
            /** @description How it stands. */
            status: components["schemas"]["QuarantineStatusWord"];
        };
        /** @description Something that could not be read. */
        QuarantineRow: {
            /**
             * Format: date-time
             * @description When it was met last.
             */
            at: string;
            /** @description FHIR id, where it could be told. */
            fhir_id: string | null;
            /** @description `qua_...` */
            id: string;
            /**
             * Format: int64
             * @description Line within its file, counted from 1.
             */
            line: number | null;
            /** @description Why. */
            reason: string;
            /**
             * Format: date-time
             * @description When it stopped being open.
             */
            resolved_at: string | null;
            /** @description FHIR type, where it could be told. */
            resource_type: string | null;
            /** @description Name of the source. */
            source: string;
            /** @description How it stands. */
            status: components["schemas"]["QuarantineStatusWord"];
            /**
             * Format: int32
             * @description How often it was read again in vain.
             */
            tries: number;
            /** @description Whether all of it was kept, so that it can be read again. */
            whole: boolean;
        };
        /**
         * @description How something in the quarantine stands.
         * @enum {string}
         */
        QuarantineStatusWord: "open" | "replayed" | "resolved" | "dismissed";
        /** @description Something that could not be read, with its text. */
        QuarantineView: components["schemas"]["QuarantineRow"] & {
            /** @description The raw text; bytes that are no UTF-8 are replaced. */
            raw: string;
        };
        /**
         * @description What is asked about records, or is wrong with them.
         * @enum {string}
         */
        QuestionKindWord: "birth-differs" | "sex-differs" | "identifiers-differ" | "several-values" | "one-source" | "many-holders" | "merge-loop" | "survivor-missing" | "several-survivors" | "too-many";
        /** @description A record that is asked about, with what tells people apart. */
        QuestionRecordView: {
            /** @description Home address, line by line. */
            address: string[];
            /** @description As exact as it is known. */
            birth_date: string | null;
            /** @description How the person can be reached. */
            contact_points: components["schemas"]["ContactPointView"][];
            /** @description Id of the FHIR resource in its source. */
            fhir_id: string;
            /** @description `pat_...` */
            id: string;
            /** @description Identifiers. */
            identifiers: components["schemas"]["IdentifierView"][];
            /** @description First given name and family name. */
            name: string;
            /** @description Administrative sex. */
            sex: components["schemas"]["SexWord"];
            /** @description Name of the source. */
            source: string;
            /** @description How the record stands in its source. */
            status: components["schemas"]["RecordStatusWord"];
        };
        /** @description How many people left for a reason. */
        ReasonCount: {
            /**
             * Format: int64
             * @description People who left for it.
             */
            count: number;
            /** @description The reason. */
            reason: string;
        };
        /** @description Why two records are one person's. */
        RecordLinkView: {
            /** @description By what. */
            by: components["schemas"]["LinkedByWord"];
            /** @description One of them, `pat_...`. */
            one: string;
            /** @description The other. */
            other: string;
            /** @description The identifier system, where it is by one. */
            system: string | null;
            /** @description The same in words. */
            text: string;
        };
        /**
         * @description How a patient's record stands in its source.
         * @enum {string}
         */
        RecordStatusWord: "active" | "inactive" | "merged" | "deleted" | "referenced";
        /** @description What reading again came to. */
        ReplayView: {
            /**
             * Format: int64
             * @description Of those, new or different, and applied.
             */
            applied: number;
            /**
             * Format: int64
             * @description Only their beginning was kept.
             */
            not_whole: number;
            /**
             * Format: int64
             * @description Could be read now.
             */
            replayed: number;
            /**
             * Format: int64
             * @description Still can't be read.
             */
            still_unreadable: number;
        };
        /** @description How many resources of a type there are. */
        ResourceCount: {
            /**
             * Format: int64
             * @description Resources of it, deleted ones left out.
             */
            count: number;
            /** @description FHIR type. */
            type: string;
        };
        /** @description How many are tried again. */
        Retried: {
            /**
             * Format: int64
             * @description How many.
             */
            count: number;
        };
        /** @description Which of those that were given up are tried again. */
        RetryInput: {
            /** @description That of this message, decision or task alone, by id. */
            object?: string | null;
            /** @description Those to this source, by id or name; all where it is missing. */
            source?: string | null;
        };
        /**
         * @description What a user is.
         * @enum {string}
         */
        RoleWord: "administrator" | "coordinator" | "clinician" | "operator" | "auditor";
        /**
         * @description Whether a person is still on the way.
         * @enum {string}
         */
        RunStatusWord: "active" | "left" | "stuck";
        /** @description One person's way through a journey. */
        RunView: {
            /** @description The step the person is at. */
            at_step: string;
            /**
             * Format: date-time
             * @description When the person entered.
             */
            entered_at: string;
            /** @description `run_...` */
            id: string;
            /** @description The person. */
            patient: components["schemas"]["PatientRef"];
            /** @description Why the person left, or why the run is stuck. */
            reason: string | null;
            /** @description Whether the person is still on the way. */
            status: components["schemas"]["RunStatusWord"];
            /**
             * Format: date-time
             * @description When something last happened.
             */
            updated_at: string;
            /**
             * Format: int32
             * @description The version the person entered.
             */
            version: number;
        };
        /** @description A segment as a row of a list. */
        SegmentRow: {
            /** @description Whether people are evaluated. */
            active: boolean;
            /**
             * Format: date-time
             * @description When a membership last changed.
             */
            changed_at: string | null;
            /** @description One sentence about it. */
            description: string;
            /** @description `seg_...` */
            id: string;
            /** @description Its key. */
            key: string;
            /**
             * Format: int64
             * @description Members now.
             */
            members: number;
            /** @description The plugin that decides. */
            plugin: string;
            /** @description What people call it. */
            title: string;
            /**
             * Format: int32
             * @description Counted from 1.
             */
            version: number;
        };
        /** @description A segment in full. */
        SegmentView: components["schemas"]["SegmentRow"] & {
            /** @description Its definition, a JSON document the plugin understands. */
            definition: Record<string, never>;
        };
        /** @description Who is signed in. */
        SessionUser: {
            /** @description What the user signs in with. */
            email: string;
            /** @description `usr_...` */
            id: string;
            /** @description What people call the user. */
            name: string;
            /** @description What the user is. */
            role: components["schemas"]["RoleWord"];
        };
        /** @description Who is signed in, and what they may do. */
        SessionView: {
            /** @description What they may do. */
            permissions: components["schemas"]["PermissionWord"][];
            /** @description Who. */
            user: components["schemas"]["SessionUser"];
        };
        /**
         * @description Administrative sex.
         * @enum {string}
         */
        SexWord: "unknown" | "female" | "male" | "other";
        /** @description Address and password. */
        SignInInput: {
            /** @description The address. */
            email: string;
            /**
             * Format: password
             * @description The password.
             */
            password: string;
        };
        /** @description How fresh a source is. */
        SourceFreshness: {
            /**
             * Format: int64
             * @description Seconds since then.
             */
            lag_seconds: number | null;
            /** @description Its name. */
            name: string;
            /**
             * Format: date-time
             * @description When the last complete run ended.
             */
            synced_at: string | null;
        };
        /** @description A FHIR server. */
        SourceView: {
            /** @description Its FHIR base URL; empty where its data comes as files alone. */
            base_url: string;
            /**
             * Format: date-time
             * @description Everything up to this moment has been read, by the server's clock.
             */
            complete_until: string | null;
            /** @description `src_...` */
            id: string;
            last_run: components["schemas"]["SyncRunView"] | null;
            /** @description Its name in the configuration. */
            name: string;
            /** @description How it tells of changes by itself; empty where it is polled alone. */
            push: components["schemas"]["PushSubscriptionView"][];
            /**
             * Format: int64
             * @description Lines and resources that could not be read, and are open.
             */
            quarantined: number;
            /** @description Resources by type. */
            resources: components["schemas"]["ResourceCount"][];
            /**
             * Format: date-time
             * @description When the last complete run ended.
             */
            synced_at: string | null;
        };
        /**
         * @description Whether records are one person's, as staff says.
         * @enum {string}
         */
        StaffDecisionWord: "same" | "different";
        /**
         * @description What there is of a value set that somebody names.
         * @enum {string}
         */
        StandingWord: "missing" | "starter" | "imported";
        /** @description How many messages are in a status. */
        StatusCount: {
            /**
             * Format: int64
             * @description Messages in it.
             */
            count: number;
            /** @description The status. */
            status: components["schemas"]["MessageStatusWord"];
        };
        /** @description How many people are at a step. */
        StepCount: {
            /**
             * Format: int64
             * @description People there.
             */
            count: number;
            /** @description The step. */
            step: string;
        };
        /** @description A topic patients can join or leave. */
        SubscriptionListView: {
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /** @description One sentence about it. */
            description: string;
            /** @description `lst_...` */
            id: string;
            /** @description Its key. */
            key: string;
            /** @description Who is on it that has said nothing. */
            kind: components["schemas"]["ListKindWord"];
            /** @description What people call it. */
            title: string;
        };
        /** @description Counts of a run. */
        SyncCountsView: {
            /**
             * Format: int64
             * @description New or different, and applied.
             */
            applied: number;
            /**
             * Format: int64
             * @description Deleted in the source.
             */
            deleted: number;
            /**
             * Format: int64
             * @description Could not be read.
             */
            quarantined: number;
            /**
             * Format: int64
             * @description Resources read.
             */
            read: number;
            /**
             * Format: int64
             * @description The same as before.
             */
            unchanged: number;
        };
        /**
         * @description How a sync run stands.
         * @enum {string}
         */
        SyncRunStatusWord: "running" | "complete" | "failed";
        /** @description A run of a sync. */
        SyncRunView: {
            /** @description What it did so far. */
            counts: components["schemas"]["SyncCountsView"];
            /**
             * Format: date-time
             * @description When it ended.
             */
            ended_at: string | null;
            /** @description `syn_...` */
            id: string;
            /** @description Why it failed, or what the server warned of. */
            note: string | null;
            /**
             * Format: date-time
             * @description When it began.
             */
            started_at: string;
            /** @description How it stands. */
            status: components["schemas"]["SyncRunStatusWord"];
            /** @description How it reads. */
            strategy: components["schemas"]["SyncStrategyWord"];
        };
        /**
         * @description How a sync run reads.
         * @enum {string}
         */
        SyncStrategyWord: "bulk-full" | "bulk-since" | "search-full" | "search-since" | "hint" | "mixed" | "import" | "import-full" | "replay";
        /** @description How a task ended. */
        TaskEndInput: {
            /** @description Done, or not to be done any more. */
            status: components["schemas"]["TaskEndWord"];
        };
        /**
         * @description The ways a task ends.
         * @enum {string}
         */
        TaskEndWord: "done" | "cancelled";
        /** @description A task to be put down. */
        TaskInput: {
            /** @description Who is to do it: `me`, a role, or a user by id; null is whoever comes first. */
            assignee?: string | null;
            /**
             * Format: date
             * @description Until when.
             */
            due_on?: string | null;
            /** @description What is to be done. */
            kind: components["schemas"]["TaskKindWord"];
            /** @description More in words, at most 500 characters; needed for `other`. It never leaves the gateway. */
            note?: string | null;
            /** @description The patient, by id. */
            patient: string;
        };
        /**
         * @description What staff is to do.
         * @enum {string}
         */
        TaskKindWord: "call" | "check-contact" | "book" | "review" | "other";
        /**
         * @description Whether a task is still to be done.
         * @enum {string}
         */
        TaskStatusWord: "open" | "done" | "cancelled";
        /** @description Something to be done about a patient. */
        TaskView: {
            assigned_role: components["schemas"]["RoleWord"] | null;
            assigned_user: components["schemas"]["TitleRef"] | null;
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date
             * @description Until when.
             */
            due_on: string | null;
            /**
             * Format: date-time
             * @description When it ended.
             */
            ended_at: string | null;
            /** @description Who said that it ended. */
            ended_by: string | null;
            /** @description `tsk_...` */
            id: string;
            journey: components["schemas"]["TitleRef"] | null;
            /** @description What is to be done. */
            kind: components["schemas"]["TaskKindWord"];
            /** @description Who put it down, where staff did. */
            made_by: string | null;
            /** @description The message that could not be delivered, by id. */
            message: string | null;
            /** @description More in words, from the journey's definition or from staff. */
            note: string | null;
            /** @description Where it comes from: `staff`, `journey` or `undeliverable`. */
            origin: string;
            /** @description The person, by the record that is written to. */
            patient: components["schemas"]["PatientRef"];
            /** @description Whether it is still to be done. */
            status: components["schemas"]["TaskStatusWord"];
        };
        /** @description One thing that happened. */
        TimelineEntry: {
            /**
             * Format: date-time
             * @description When.
             */
            at: string;
            /** @description More about it. */
            detail: string | null;
            /**
             * @description `segment-joined`, `segment-left`, `journey-entered`, `journey-left`, `message-` and its status, `clicked`, `opted-out`,
             *     `bounced`, `consent`, `task-` and its status, or `fact`.
             */
            kind: string;
            /** @description What it is about: an id of the gateway, or `Type/id` of a FHIR resource. */
            reference: string | null;
            /** @description What happened, in a few words. */
            title: string;
        };
        /** @description Another record by id, with its title. */
        TitleRef: {
            /** @description Its id. */
            id: string;
            /** @description What people call it. */
            title: string;
        };
        /** @description A code that no standard code stands beside. */
        UnmappedCodeView: {
            /** @description The code. */
            code: string;
            /** @description What the source calls it. */
            display: string | null;
            /**
             * Format: int64
             * @description How many facts have it.
             */
            facts: number;
            /** @description What kind of statement has it. */
            kind: components["schemas"]["FactKindWord"];
            /** @description Its system; empty where the source gave none. */
            system: string;
        };
        /** @description What changes; what is left out stays. */
        UserChangeInput: {
            /** @description Whether the user is shut out; ends all sessions. */
            disabled?: boolean | null;
            /**
             * Format: password
             * @description A new password, at least 12 characters; ends all sessions.
             */
            password?: string | null;
            role?: components["schemas"]["RoleWord"] | null;
        };
        /** @description A new user. */
        UserInput: {
            /** @description What the user signs in with. */
            email: string;
            /** @description What people call the user. */
            name: string;
            /**
             * Format: password
             * @description At least 12 characters.
             */
            password: string;
            /** @description What the user is. */
            role: components["schemas"]["RoleWord"];
        };
        /** @description A user. */
        UserView: {
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /** @description Whether the user is shut out. */
            disabled: boolean;
            /** @description What the user signs in with. */
            email: string;
            /** @description `usr_...` */
            id: string;
            /** @description What people call the user. */
            name: string;
            /** @description What the user is. */
            role: components["schemas"]["RoleWord"];
        };
        /**
         * @description Where a value set is from.
         * @enum {string}
         */
        ValueSetOriginWord: "starter" | "imported";
        /** @description A value set as a row of a list. */
        ValueSetRow: {
            /**
             * Format: int64
             * @description How many codes it has.
             */
            codes: number;
            /**
             * Format: date-time
             * @description When it was imported.
             */
            imported_at: string | null;
            /** @description OID, where it has one. */
            oid: string | null;
            /** @description Where it is from. */
            origin: components["schemas"]["ValueSetOriginWord"];
            /** @description What people call it. */
            title: string;
            /** @description Canonical URL, by which criteria name it. */
            url: string;
            /** @description Its version, where its publisher gives one. */
            version: string | null;
        };
        /** @description A version of a value set. */
        ValueSetVersionView: components["schemas"]["ValueSetRow"] & {
            /** @description Whether it is the one that counts. */
            in_use: boolean;
        };
        /** @description A value set with a piece of its codes. */
        ValueSetView: components["schemas"]["ValueSetRow"] & {
            /** @description The codes that were asked for. */
            code_list: components["schemas"]["List_ValueSetCodeView"];
            /** @description The versions that are kept, the one imported last first. */
            versions: components["schemas"]["ValueSetVersionView"][];
        };
        /**
         * @description What kind of record a write-back becomes.
         * @enum {string}
         */
        WriteBackKindWord: "communication" | "consent" | "task";
        /**
         * @description How a write-back stands.
         * @enum {string}
         */
        WriteBackStatusWord: "waiting" | "done" | "failed";
        /** @description A line of the ledger of write-backs. */
        WriteBackView: {
            /** @description What kind of record it becomes. */
            kind: components["schemas"]["WriteBackKindWord"];
            /**
             * Format: date-time
             * @description When it is tried next, while it waits.
             */
            next_try_at: string | null;
            /** @description What is written: the id of a message (`msg_...`), a decision (`cns_...`) or a task (`tsk_...`). */
            object: string;
            /** @description Why it waits or was given up, or what was found at the source. */
            reason: string | null;
            /** @description The record's FHIR id at the source. */
            remote_id: string | null;
            /** @description The record's version at the source. */
            remote_version: string | null;
            /** @description The source it is written to. */
            source: components["schemas"]["TitleRef"];
            /** @description How it stands. */
            status: components["schemas"]["WriteBackStatusWord"];
            /**
             * Format: int32
             * @description Tries since it last began to wait.
             */
            tries: number;
            /**
             * Format: date-time
             * @description When something last happened to it.
             */
            updated_at: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
