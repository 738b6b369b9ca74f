//! Response bodies in slices: the server copies each chunk into its buffer, which a client that does not read would keep.

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// As much as the server collects in its buffer before it writes. The drill `memory` has to notice larger ones.
const BYTES_MAX: usize = if cfg!(feature = "sabotage") { usize::MAX } else { 32 * 1024 };

/// A body whose chunks have at most 32 KiB. Its bytes stay where they are, and what several responses share is not copied.
pub struct Sliced {
    body: BoxBody,
    rest: Bytes,
}

impl Sliced {
    pub const fn new(body: BoxBody) -> Self {
        Self { body, rest: Bytes::new() }
    }
}

impl MessageBody for Sliced {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let Self { body, rest } = &mut *self;
        if rest.is_empty() {
            match ready!(Pin::new(body).poll_next(context)) {
                Some(Ok(chunk)) => *rest = chunk,
                end => return Poll::Ready(end),
            }
        }
        let length = rest.len().min(BYTES_MAX);
        Poll::Ready(Some(Ok(rest.split_to(length))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::body::BodyStream;
    use futures_util::stream;
    use std::convert::Infallible;
    use std::future::poll_fn;

    async fn chunks(body: BoxBody) -> Vec<Bytes> {
        let (mut body, mut chunks) = (Sliced::new(body), Vec::new());
        while let Some(chunk) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
            chunks.push(chunk.unwrap());
        }
        chunks
    }

    #[tokio::test]
    async fn a_large_body_is_handed_out_in_slices_without_a_copy() {
        let file = Bytes::from((0..100_000_u32).map(|number| u8::try_from(number % 251).unwrap()).collect::<Vec<_>>());
        assert_eq!(Sliced::new(BoxBody::new(file.clone())).size(), BodySize::Sized(100_000));
        let chunks = chunks(BoxBody::new(file.clone())).await;
        assert_eq!(chunks.iter().map(Bytes::len).collect::<Vec<_>>(), [32_768, 32_768, 32_768, 1_696]);
        assert_eq!(chunks.concat(), file);
        assert!(chunks.iter().all(|chunk| file.as_ptr_range().contains(&chunk.as_ptr())), "they are parts of the file itself");
    }

    #[tokio::test]
    async fn the_chunks_of_a_generated_body_are_sliced_too() {
        let parts = [vec![b'a'; 40_000], vec![b'b'; 10]].map(|part| Ok::<_, Infallible>(Bytes::from(part)));
        let chunks = chunks(BodyStream::new(stream::iter(parts)).boxed()).await;
        assert_eq!(chunks.iter().map(Bytes::len).collect::<Vec<_>>(), [32_768, 7_232, 10]);
        assert!(super::tests::chunks(BoxBody::new(())).await.is_empty());
    }
}
