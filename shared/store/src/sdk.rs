//! Calls to AWS that failed, in words that may be logged.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use std::error::Error;

/// Why a call to AWS failed: the service's code and words, or why there was no answer. The SDK's own view of the error, which its
/// `DisplayErrorContext` appends, has the whole answer in it: an item of a customer's, a job, a secret.
#[must_use]
pub fn loggable<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: Error + ProvideErrorMetadata + 'static,
{
    match error {
        SdkError::ServiceError(refused) => {
            let words = [error.code(), error.message()].into_iter().flatten();
            words.fold(format!("{error}: {}", refused.raw().status()), |said, words| format!("{said}: {words}"))
        }
        // A parser may quote what it could not read.
        SdkError::ResponseError(answer) => format!("{error}: {}", answer.raw().status()),
        _ => with_causes(error),
    }
}

fn with_causes(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.fold(error.to_string(), |said, cause| format!("{said}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::error::ErrorMetadata;
    use aws_sdk_dynamodb::operation::get_item::GetItemError;
    use aws_sdk_dynamodb::types::error::ResourceNotFoundException;

    const BODY: &str = r#"{"Item":{"lastName":{"S":"Kabwe-Ilunga"}"#;

    fn answer(status: u16) -> HttpResponse {
        HttpResponse::new(status.try_into().unwrap(), BODY.into())
    }

    #[test]
    fn a_refusal_is_said_in_its_service_s_words_and_without_its_body() {
        let said = ErrorMetadata::builder().code("ResourceNotFoundException").message("No such table").build();
        let known = GetItemError::ResourceNotFoundException(ResourceNotFoundException::builder().meta(said.clone()).build());
        for error in [known, GetItemError::generic(said)] {
            let error = SdkError::service_error(error, answer(400));
            assert_eq!(loggable(&error), "service error: 400: ResourceNotFoundException: No such table");
        }
    }

    #[test]
    fn an_answer_that_can_t_be_read_is_not_quoted() {
        let error = SdkError::<GetItemError, _>::response_error(format!("unexpected end of {BODY}"), answer(200));
        assert_eq!(loggable(&error), "response error: 200");
    }

    #[test]
    fn what_was_never_answered_is_said_with_its_causes() {
        let error = SdkError::<GetItemError, HttpResponse>::timeout_error("2 seconds");
        assert_eq!(loggable(&error), "request has timed out: 2 seconds");
    }
}
