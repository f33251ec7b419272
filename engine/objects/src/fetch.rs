//! A read that is under way.

use crate::runtime::runtime;
use crate::{Bytes, ObjectError};
use std::future::Future;
use tokio::task::JoinHandle;

/// Bytes that are being fetched. Dropping it gives the request up.
#[derive(Debug)]
pub struct Fetch(JoinHandle<Result<Bytes, ObjectError>>);

impl Fetch {
    pub(crate) fn start(request: impl Future<Output = Result<Bytes, ObjectError>> + Send + 'static) -> Self {
        Self(runtime().spawn(request))
    }

    /// Waits for the bytes.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub fn wait(mut self) -> Result<Bytes, ObjectError> {
        match runtime().block_on(&mut self.0) {
            Ok(result) => result,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        self.0.abort();
    }
}
