// The questions about patients.

import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api, asked } from "@/api/client";
import type { NewConsent } from "@/api/model";

interface PatientSearch {
  q?: string;
  status?: string;
  offset?: number;
  limit?: number;
}

export const patientsQuery = (search: PatientSearch) =>
  queryOptions({
    queryKey: ["patients", "list", search],
    queryFn: ({ signal }) => answered(api.GET("/patients", { params: { query: asked(search) }, signal })),
  });

export const patientQuery = (id: string) =>
  queryOptions({
    queryKey: ["patients", id],
    queryFn: ({ signal }) => answered(api.GET("/patients/{id}", { params: { path: { id } }, signal })),
  });

export const factsQuery = (id: string) =>
  queryOptions({
    queryKey: ["patients", id, "facts"],
    queryFn: ({ signal }) => answered(api.GET("/patients/{id}/facts", { params: { path: { id } }, signal })),
  });

export const timelineQuery = (id: string) =>
  queryOptions({
    queryKey: ["patients", id, "timeline"],
    queryFn: ({ signal }) => answered(api.GET("/patients/{id}/timeline", { params: { path: { id } }, signal })),
  });

export const membershipsQuery = (id: string) =>
  queryOptions({
    queryKey: ["patients", id, "memberships"],
    queryFn: ({ signal }) => answered(api.GET("/patients/{id}/memberships", { params: { path: { id } }, signal })),
  });

export const patientRunsQuery = (id: string) =>
  queryOptions({
    queryKey: ["patients", id, "runs"],
    queryFn: ({ signal }) => answered(api.GET("/patients/{id}/runs", { params: { path: { id } }, signal })),
  });

export const consentsQuery = (id: string) =>
  queryOptions({
    queryKey: ["patients", id, "consents"],
    queryFn: ({ signal }) => answered(api.GET("/patients/{id}/consents", { params: { path: { id } }, signal })),
  });

export const subscriptionListsQuery = queryOptions({
  queryKey: ["subscription-lists"],
  queryFn: ({ signal }) => answered(api.GET("/subscription-lists", { signal })),
});

export const resourceQuery = (id: string, type: string, fhirId: string) =>
  queryOptions({
    queryKey: ["patients", id, "resources", type, fhirId],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/patients/{id}/resources/{type}/{fhir_id}", {
          params: { path: { id, type, fhir_id: fhirId } },
          signal,
        }) as Promise<{ data?: unknown; error?: unknown; response: Response }>,
      ),
  });

export function useRecordConsent(id: string, onRecorded: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: NewConsent) => answered(api.POST("/patients/{id}/consents", { params: { path: { id } }, body })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["patients", id] });
      void client.invalidateQueries({ queryKey: ["messages"] });
      onRecorded();
    },
  });
}
