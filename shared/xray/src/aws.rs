//! Calls of AWS, through the SDK.

use crate::call::{Call, Outcome};
use crate::current;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::endpoint::EndpointResolverParams;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{BeforeSerializationInterceptorContextRef, FinalizerInterceptorContextRef};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata};
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Records the calls of a client of an AWS service: one subsegment each, however often the SDK tries.
#[derive(Clone, Copy, Debug)]
pub struct AwsCalls {
    tables: fn(&EndpointResolverParams) -> BTreeSet<String>,
}

impl AwsCalls {
    /// Of a service without tables.
    #[must_use]
    pub const fn new() -> Self {
        Self { tables: |_| BTreeSet::new() }
    }

    /// Of a service with tables, which `tables` finds among what a call's endpoint is found by.
    #[must_use]
    pub const fn naming(tables: fn(&EndpointResolverParams) -> BTreeSet<String>) -> Self {
        Self { tables }
    }
}

impl Default for AwsCalls {
    fn default() -> Self {
        Self::new()
    }
}

impl Storable for Call {
    type Storer = StoreReplace<Self>;
}

impl Intercept for AwsCalls {
    fn name(&self) -> &'static str {
        "AwsCalls"
    }

    /// The first hook that knows which operation it is.
    fn read_before_serialization(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(segment) = current() else { return Ok(()) };
        let Some(called) = cfg.load::<Metadata>() else { return Ok(()) };
        let mut aws = json!({ "operation": called.name() });
        if let Some(region) = &segment.0.daemon.region {
            aws["region"] = json!(region);
        }
        let tables = cfg.load::<EndpointResolverParams>().map(self.tables).unwrap_or_default();
        match Vec::from_iter(tables).as_slice() {
            [] => {}
            [table] => aws["table_name"] = json!(table),
            tables => aws["table_names"] = json!(tables),
        }
        let call = Call::begun(segment, json!({ "name": called.service(), "namespace": "aws", "aws": aws }));
        cfg.interceptor_state().store_put(call);
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // To ask whether there is a segment costs less than to look for a call in every layer.
        let Some(call) = current().and_then(|_| cfg.load::<Call>()) else { return Ok(()) };
        let answer = context.response();
        let status = answer.map(|answer| answer.status().as_u16());
        let has_failed = context.output_or_error().is_none_or(|came| came.is_err());
        let id = answer.and_then(|answer| answer.headers().get("x-amzn-requestid")).map(|id| ("request_id", json!(id)));
        let retries = cfg.load::<RequestAttempts>().map(|tried| tried.attempts().saturating_sub(1)).filter(|retries| *retries > 0);
        call.ended(Outcome {
            status,
            is_throttled: has_failed && answer.is_some_and(is_throttling),
            is_unreadable: has_failed && status.is_some_and(|status| status < 400),
            aws: id.into_iter().chain(retries.map(|retries| ("retries", json!(retries)))).collect(),
        });
        Ok(())
    }
}

/// Whether a refusal is of one call too many. DynamoDB and SQS say so with the status 400 and a code in the body, SES with 429.
fn is_throttling(answer: &HttpResponse) -> bool {
    let said = answer.body().bytes().and_then(|body| serde_json::from_slice::<Value>(body).ok());
    let code = said.as_ref().and_then(|said| said["__type"].as_str()).unwrap_or_default();
    answer.status().as_u16() == 429
        || ["Throttl", "ThroughputExceeded", "RequestLimitExceeded", "TooManyRequests"].iter().any(|sign| code.contains(sign))
}
