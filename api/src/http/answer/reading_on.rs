//! A long response that ends when its caller loses access: aborted, so that no client mistakes it for the complete content.

use crate::http::request::caller::Anyone;
use crate::state::App;
use crate::wire::{Error, Result};
use actix_web::web::Bytes;
use futures_util::stream::{self, Stream, StreamExt};
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// The maximum age of the last access check when something is sent.
const JUDGED_EVERY: Duration = Duration::from_secs(1);
/// Its maximum age while the database is unavailable.
const UNJUDGED_MAX: Duration = Duration::from_secs(3);

/// A caller who reads, and whether they still have access.
pub struct Reader<F> {
    judge: F,
    judged_at: Instant,
}

impl<F, J> Reader<F>
where
    F: Fn() -> J,
    J: Future<Output = Result<()>>,
{
    /// A caller whose access was just checked, and is checked by `judge` from now on.
    pub fn new(judge: F) -> Self {
        Self { judge, judged_at: Instant::now() }
    }

    /// Repeats the check if the last one is too old. If the database doesn't respond in time, the check is repeated with the next
    /// part.
    async fn ensure_readable(&mut self) -> Result<()> {
        let asked_at = Instant::now();
        if asked_at - self.judged_at < JUDGED_EVERY {
            return Ok(());
        }
        match timeout(JUDGED_EVERY, (self.judge)()).await {
            Ok(Ok(())) => self.judged_at = asked_at,
            Ok(Err(error)) if !error.code.status().is_server_error() => return Err(error),
            Ok(Err(_)) | Err(_) if self.judged_at.elapsed() < UNJUDGED_MAX => {}
            Ok(Err(error)) => return Err(error),
            Err(_) => return Err(Error::internal("the caller's access could not be checked in time")),
        }
        Ok(())
    }
}

/// The parts, as long as the operation admits this caller.
pub fn while_admitted<S>(app: &App, by: &Anyone, parts: S) -> impl Stream<Item = Result<Bytes>> + 'static
where
    S: Stream<Item = Result<Bytes>> + 'static,
{
    let (app, by) = (app.clone(), by.clone());
    let reader = Reader::new(move || {
        let (app, by) = (app.clone(), by.clone());
        async move { by.judged_again(&app).await.map(drop) }
    });
    for_as_long_as(reader, parts)
}

/// The parts, as long as their reader has access to them.
pub fn for_as_long_as<S, F, J>(reader: Reader<F>, parts: S) -> impl Stream<Item = Result<Bytes>> + 'static
where
    S: Stream<Item = Result<Bytes>> + 'static,
    F: Fn() -> J + 'static,
    J: Future<Output = Result<()>> + 'static,
{
    type Parts = Pin<Box<dyn Stream<Item = Result<Bytes>>>>;
    let parts: Parts = Box::pin(parts);
    stream::try_unfold((reader, parts), |(mut reader, mut parts)| async move {
        let Some(part) = parts.next().await else { return Ok(None) };
        let part = part?;
        // After the wait for it: whatever is sent was allowed a moment ago.
        reader.ensure_readable().await.inspect_err(|error| {
            tracing::warn!(code = error.code.name(), "response aborted: the caller has lost access");
        })?;
        Ok(Some((part, (reader, parts))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Code;
    use std::cell::Cell;
    use std::rc::Rc;

    /// One part every half second, for a minute.
    fn parts() -> impl Stream<Item = Result<Bytes>> {
        stream::iter(0..120).then(|_| async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            Ok(Bytes::from_static(b"a line\n"))
        })
    }

    /// How long a response continues after the first ten seconds, when every check ends like this; `None` if it isn't aborted.
    async fn goes_on(then: impl Fn() -> Result<()> + 'static) -> Option<Duration> {
        let begun = Instant::now();
        let judge = move || {
            let judgement = if begun.elapsed() < Duration::from_secs(10) { Ok(()) } else { then() };
            async move { judgement }
        };
        let sent: Vec<Result<Bytes>> = for_as_long_as(Reader::new(judge), parts()).collect().await;
        sent.last().is_some_and(Result::is_err).then(|| begun.elapsed() - Duration::from_secs(10))
    }

    #[tokio::test(start_paused = true)]
    async fn a_response_is_aborted_soon_after_its_caller_lost_access() {
        assert_eq!(goes_on(|| Ok(())).await, None);
        for code in [Code::Unauthorized, Code::Forbidden, Code::NotFound] {
            let lasted = goes_on(move || Err(Error::plain(code))).await.expect("must be aborted");
            assert!(lasted <= Duration::from_secs(2), "{lasted:?}");
        }
        let lasted = goes_on(|| Err(Error::internal("the database is unavailable"))).await.expect("must be aborted");
        assert!((Duration::from_secs(1)..Duration::from_secs(5)).contains(&lasted), "{lasted:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_response_is_aborted_if_the_access_check_hangs() {
        let begun = Instant::now();
        let reader = Reader::new(std::future::pending::<Result<()>>);
        let sent: Vec<Result<Bytes>> = for_as_long_as(reader, parts()).collect().await;
        assert!(sent.last().is_some_and(Result::is_err) && begun.elapsed() <= Duration::from_secs(5), "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn access_is_checked_once_a_second_however_many_parts_are_sent() {
        let asked = Rc::new(Cell::new(0));
        let counted = Rc::clone(&asked);
        let judge = move || {
            counted.set(counted.get() + 1);
            async { Ok(()) }
        };
        let quick = stream::iter(0..10_000).then(|_| async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Ok(Bytes::from_static(b"x"))
        });
        assert_eq!(for_as_long_as(Reader::new(judge), quick).count().await, 10_000);
        assert!((9..=10).contains(&asked.get()), "{}", asked.get());
    }
}
