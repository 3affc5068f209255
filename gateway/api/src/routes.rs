//! The one table of routes: each with who may use it. The router, the API description and the test that walks every route as every
//! role are all made from it, so a handler that is not in the table does not exist.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use gateway_domain::user::Permission;
use http::{HeaderValue, header};
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::openapi::schema::ArrayItems;
use utoipa::openapi::{Components, InfoBuilder, OpenApi, OpenApiBuilder, RefOr, Schema, Server};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::ApiDeps;
use crate::access::Access::{self, Needs, Public, SignedIn};
use crate::access::{Guard, guard};
use crate::problem::{ApiError, Problem};
use crate::v1::{
    account, api_token, audit, clinical, consent, identity, journey, message, overview, patient, person, plugin, plugin_call, quarantine,
    segment, session, source, task, timeline, unmapped, user, value_set, write_back,
};

/// A route and who may use it.
type Route = (Access, UtoipaMethodRouter<ApiDeps>);

fn table() -> Vec<Route> {
    use Permission::{
        DecideIdentity, ManageJourneys, ManageSegments, ManageSources, ManageUsers, ReadAudit, ReadJourneys, ReadMessages, ReadPatients,
        ReadPlugins, ReadSegments, ReadSources, ReadTasks, RecordConsent, WorkOnTasks,
    };
    vec![
        (Public, routes!(session::sign_in)),
        (SignedIn, routes!(session::get)),
        (SignedIn, routes!(session::sign_out)),
        (SignedIn, routes!(overview::get)),
        (Needs(ReadPatients), routes!(patient::list)),
        (Needs(ReadPatients), routes!(patient::get)),
        (Needs(ReadPatients), routes!(patient::resource)),
        (Needs(ReadPatients), routes!(clinical::facts)),
        (Needs(ReadPatients), routes!(clinical::memberships)),
        (Needs(ReadPatients), routes!(timeline::timeline)),
        (Needs(ReadPatients), routes!(journey::of_patient)),
        (Needs(ReadPatients), routes!(consent::list)),
        (Needs(RecordConsent), routes!(consent::add)),
        (Needs(ReadTasks), routes!(task::list)),
        (Needs(ReadTasks), routes!(task::get)),
        (Needs(WorkOnTasks), routes!(task::add)),
        (Needs(WorkOnTasks), routes!(task::assign)),
        (Needs(WorkOnTasks), routes!(task::end)),
        (Needs(ReadPatients), routes!(person::get)),
        (Needs(ReadPatients), routes!(identity::questions)),
        (Needs(ReadPatients), routes!(identity::decisions)),
        (Needs(DecideIdentity), routes!(identity::decide)),
        (Needs(DecideIdentity), routes!(identity::take_back)),
        (Needs(ReadPatients), routes!(account::list)),
        (Needs(ReadSegments), routes!(segment::list)),
        (Needs(ReadSegments), routes!(segment::get)),
        (Needs(ReadSegments), routes!(segment::members)),
        (Needs(ReadSegments), routes!(segment::members_csv)),
        (Needs(ManageSegments), routes!(segment::preview)),
        (Needs(ReadSegments), routes!(value_set::list)),
        (Needs(ReadSegments), routes!(value_set::get)),
        (Needs(ReadSegments), routes!(value_set::codes)),
        (Needs(ReadSegments), routes!(value_set::needs)),
        (Needs(ReadJourneys), routes!(journey::list)),
        (Needs(ReadJourneys), routes!(journey::get)),
        (Needs(ReadJourneys), routes!(journey::runs)),
        (Needs(ManageJourneys), routes!(journey::set_status)),
        (Needs(ReadMessages), routes!(message::list)),
        (Needs(ReadMessages), routes!(message::get)),
        (Needs(ReadMessages), routes!(message::counts)),
        (Needs(ReadMessages), routes!(message::templates)),
        (Needs(ReadMessages), routes!(consent::subscription_lists)),
        (Needs(ReadSources), routes!(source::list)),
        (Needs(ReadSources), routes!(source::runs)),
        (Needs(ManageSources), routes!(source::sync)),
        (Needs(ReadSources), routes!(unmapped::unmapped)),
        (Needs(ReadSources), routes!(quarantine::list)),
        (Needs(ReadSources), routes!(quarantine::reasons)),
        // The raw text may be a patient's. Who runs the sources, and sees no patient, sees reasons and ids.
        (Needs(ReadPatients), routes!(quarantine::get)),
        (Needs(ManageSources), routes!(quarantine::replay)),
        (Needs(ManageSources), routes!(quarantine::dismiss)),
        (Needs(ReadSources), routes!(write_back::list)),
        (Needs(ManageSources), routes!(write_back::retry)),
        (Needs(ReadPlugins), routes!(plugin::list)),
        (Needs(ReadPlugins), routes!(plugin::get)),
        (Needs(ReadPlugins), routes!(plugin_call::list)),
        // Whoever keeps the sources running keeps the plugins running.
        (Needs(ManageSources), routes!(plugin::resume)),
        (Needs(ManageUsers), routes!(user::list)),
        (Needs(ManageUsers), routes!(user::add)),
        (Needs(ManageUsers), routes!(user::change)),
        (Needs(ManageUsers), routes!(api_token::list)),
        (Needs(ManageUsers), routes!(api_token::add)),
        (Needs(ManageUsers), routes!(api_token::end)),
        (Needs(ReadAudit), routes!(audit::list)),
        (Public, routes!(describe)),
    ]
}

/// `/api/v1`.
pub(crate) fn router(deps: &ApiDeps) -> Router {
    let guarded = table().into_iter().fold(OpenApiRouter::default(), |router, (access, (schemas, paths, methods))| {
        let route = paths.paths.keys().next().map_or_else(String::new, |path| format!("/api/v1{path}"));
        let guarded_by = Guard { deps: deps.clone(), access, route: Arc::from(route) };
        router.routes((schemas, paths, methods.layer(from_fn_with_state(guarded_by, guard))))
    });
    let (router, _) = guarded.split_for_parts();
    router
        .fallback(async || ApiError::NotFound("address in this API"))
        .method_not_allowed_fallback(async || ApiError::Method)
        // Nothing of the API is kept by a browser or a proxy.
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .with_state(deps.clone())
}

/// The description of this API.
#[utoipa::path(get, path = "/openapi.json", tag = "api", responses((status = 200, body = Object)))]
async fn describe() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], openapi_json())
}

/// The description as it is served and committed.
pub(crate) fn openapi_json() -> String {
    let mut text = openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// The description of the API (OpenAPI 3.1).
pub fn openapi() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Outreach Gateway")
        .version("1")
        .description(Some("Lists take `offset` and `limit` and answer `items` and `total`. Errors are problem details (RFC 9457)."))
        .build();
    let base = OpenApiBuilder::new().info(info).servers(Some([Server::new("/api/v1")])).build();
    let router = table().into_iter().fold(OpenApiRouter::with_openapi(base), |router, (_, route)| router.routes(route));
    let (_, mut openapi) = router.split_for_parts();
    let components = openapi.components.get_or_insert_with(Components::new);
    let mut of_problem = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut of_problem);
    components.schemas.extend(of_problem);
    for (name, schema) in &mut components.schemas {
        if !name.ends_with("Input") {
            require_all(schema);
        }
    }
    openapi
}

/// Answers always have all their fields; what is not known is null.
fn require_all(schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => {
            object.required = object.properties.keys().cloned().collect();
            object.properties.values_mut().for_each(require_all);
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                require_all(items);
            }
        }
        Schema::AllOf(all) => all.items.iter_mut().for_each(require_all),
        _ => {}
    }
}
