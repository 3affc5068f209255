//! How much of what a source says is said in codes that others understand.

use axum::Json;
use axum::extract::State;
use gateway_domain::ids::SourceId;
use gateway_domain::unmapped::{CodeReport, KindReport, UnmappedCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::source::find;
use crate::ApiDeps;
use crate::extract::Id;
use crate::problem::ApiError;
use crate::words::FactKindWord;

/// The most codes listed.
const MOST: usize = 200;

/// The facts of a kind by how they are coded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KindReportView {
    /// What kind of statement they are.
    pub kind: FactKindWord,
    /// All of them.
    pub facts: u64,
    /// With at least one code of a standard system.
    pub standard: u64,
    /// With codes, none of them of a standard system.
    pub local: u64,
    /// Without any code.
    pub uncoded: u64,
}

/// A code that no standard code stands beside.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnmappedCodeView {
    /// What kind of statement has it.
    pub kind: FactKindWord,
    /// Its system; empty where the source gave none.
    pub system: String,
    /// The code.
    pub code: String,
    /// What the source calls it.
    pub display: Option<String>,
    /// How many facts have it.
    pub facts: u64,
}

/// How the facts of a source are coded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodeReportView {
    /// By kind of statement.
    pub kinds: Vec<KindReportView>,
    /// Codes of facts that have no standard code, those of most facts first. One that few facts have could be a person's and is left out.
    pub unmapped: Vec<UnmappedCodeView>,
    /// Codes left out.
    pub not_shown: u64,
}

/// How the facts of a source are coded, and the codes that a mapping could give a standard one. It reads all facts of the source.
#[utoipa::path(get, path = "/sources/{id}/unmapped", tag = "sources", params(("id" = String, Path)), responses((status = 200, body = CodeReportView)))]
pub(crate) async fn unmapped(State(deps): State<ApiDeps>, Id(id): Id<SourceId>) -> Result<Json<CodeReportView>, ApiError> {
    find(&deps, id).await?;
    Ok(Json(view(deps.store.code_report(id, MOST).await?)))
}

fn view(report: CodeReport) -> CodeReportView {
    let kind = |KindReport { kind, facts, standard, local, uncoded }| KindReportView { kind: kind.into(), facts, standard, local, uncoded };
    let code = |UnmappedCode { kind, system, code, display, facts }| UnmappedCodeView { kind: kind.into(), system, code, display, facts };
    CodeReportView {
        kinds: report.kinds.into_iter().map(kind).collect(),
        unmapped: report.unmapped.into_iter().map(code).collect(),
        not_shown: report.not_shown,
    }
}
